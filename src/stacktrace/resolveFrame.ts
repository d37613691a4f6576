/**
 * Finds the workspace file of a frame, and says how sure it is: user mappings, then the path itself, then what was learned
 * from the user's choices, then what the trace's other frames showed, then the longest path suffix, checked against what
 * stands in the file.
 */

import { isAbsolutePath, normalisePath, pathComponents } from './framePath.ts';
import type { PathMapping } from '../model/environment.ts';
import { countText } from '../model/readableNumbers.ts';
import type { Declaration } from './declaredModule.ts';
import { goPackageOf } from './goModule.ts';
import { mappingOfChoice } from './learnedMapping.ts';
import { enclosingName, type Evidence, inspectSource } from './sourceEvidence.ts';
import type { ReadSource } from './readSource.ts';
import { type Frame, openConfidence, type Resolution } from './trace.ts';
import { type Candidate, isPackagePath, suffixCandidates } from './suffixCandidates.ts';
import type { WorkspaceFiles } from './workspaceFiles.ts';

export interface ResolveOptions {
  readonly files: readonly WorkspaceFiles[];
  /** The user's: a `to` that is not absolute is relative to each workspace folder. */
  readonly mappings?: readonly PathMapping[];
  /** From earlier choices (`CandidateFile.teaches`); a file against which its own text speaks is one candidate of several. */
  readonly learned?: readonly PathMapping[];
  /** Where confident frames of the same trace were found (`mappingOf`): their neighbours lie beside them. */
  readonly siblings?: readonly PathMapping[];
  /** Absent: what stands in the files is not looked at. */
  readonly readSource?: ReadSource;
  /** Name of the function that this frame was calling: it should stand on the frame's line. */
  readonly callee?: string;
}

/** Of look-alikes so many are read at first, the others where they could still be as good. */
const firstRead = 12;
/** More look-alikes are no help to whoever has to choose. */
const maxShown = 12;
/** What a file may gain by what stands in it, where it declares nothing and where it does. */
const maxGain = 0.25;
/** Nothing that is read from a trace is certain; between candidates what speaks for them counts in full. */
const maxConfidence = 0.99;
/** How much better than the next best a file must be to open unasked. */
const clearMargin = 0.1;
const learnedConfidence = 0.9;

export async function resolveFrame(printed: Frame, options: ResolveOptions): Promise<Resolution> {
  const frame = withoutFalseLine(printed);
  if (frame.file === undefined) return { kind: 'none', why: 'the frame names no file' };
  const path = framePathOf(frame);
  const direct = mapped(path, options.mappings ?? [], options.files, 0.98, 'mapped by') ?? exact(path, options.files);
  if (direct) return judged(frame, [await withEvidence(direct, frame, options)]);
  if (!frame.inApp && !isPackagePath(frame)) return { kind: 'none', why: `library code: ${frame.file}` };
  const unlisted = await unlistedFile(path, options);
  if (unlisted) return judged(frame, [await withEvidence(unlisted, frame, options)]);
  const learned = asLearned(path, options);
  if (learned) {
    const checked = await withEvidence(learned, frame, options);
    // Services that lie in folders of one name share their prefixes: what stands in the file may say otherwise.
    if (checked.confidence >= learnedConfidence) return judged(frame, [checked]);
  }
  const beside = mapped(path, options.siblings ?? [], options.files, 0.9, 'beside the other frames of the trace,');
  if (beside) {
    const checked = await withEvidence(beside, frame, options);
    // Where the file itself speaks against it, it is one of those that look alike.
    if (checked.confidence >= openConfidence && !learned) return judged(frame, [checked]);
  }
  const first = [learned, beside].filter((one) => one !== undefined);
  const others = suffixCandidates(frame, path, options.files);
  const found = [...first, ...others].filter(
    (one, index, all) => all.findIndex((same) => isSameFile(same, one)) === index,
  );
  if (found.length === 0) {
    const name = pathComponents(path).at(-1) ?? frame.file;
    return {
      kind: 'none',
      why: frame.inApp ? `no file named ${name} in the workspace` : `library code: ${frame.file}`,
    };
  }
  return judged(frame, await weighed(found, frame, options));
}

/** Reads the candidates, the likeliest first, as far as one of them could be the best or as good. */
async function weighed(found: readonly Candidate[], frame: Frame, options: ResolveOptions): Promise<Candidate[]> {
  const weigh = (candidates: readonly Candidate[]) =>
    Promise.all(candidates.map((candidate) => withEvidence(candidate, frame, options)));
  const first = await weigh(found.slice(0, firstRead));
  const others = found.slice(firstRead);
  const best = Math.max(...first.map(rankOf));
  const most = maxGain + (frame.module === undefined ? 0 : declarationWeights.same);
  const close = others.filter(({ confidence }) => confidence + most > best - clearMargin);
  return [...first, ...(await weigh(close))];
}

/** Runtimes print line 0 where they do not know it. */
function withoutFalseLine(frame: Frame): Frame {
  if (hasLine(frame)) return frame;
  const { line1: _line, column1: _column, ...rest } = frame;
  return rest;
}

export function hasLine({ line1 }: Frame): boolean {
  return line1 !== undefined && line1 >= 1;
}

/**
 * What a confident resolution says about the frames beside it: the part of the path before the shared suffix, as the
 * trace and as the workspace have it.
 */
export function mappingOf(frame: Frame, resolution: Resolution): PathMapping | undefined {
  if (resolution.kind !== 'file' || resolution.confidence < openConfidence || frame.file === undefined)
    return undefined;
  const from = framePathOf(frame).split('/');
  const to = resolution.path.split('/');
  let shared = 0;
  while (shared < from.length && shared < to.length && from.at(-1 - shared) === to.at(-1 - shared)) shared++;
  // One equal name is a coincidence of layout, not of folders: it speaks for this file only.
  if (shared < 2) return { from: from.join('/'), to: to.join('/') };
  return {
    from: from.slice(0, from.length - shared).join('/'),
    to: to.slice(0, to.length - shared).join('/'),
  };
}

/** The file of a frame as a path: of JVM frames the class's package says the folder. */
function framePathOf(frame: Frame): string {
  const file = normalisePath(frame.file ?? '');
  if (!isPackagePath(frame)) return file;
  const packageEnd = frame.module?.lastIndexOf('.') ?? -1;
  return packageEnd <= 0 ? file : `${(frame.module ?? '').slice(0, packageEnd).replaceAll('.', '/')}/${file}`;
}

/**
 * The function as source would write it: a C++ name without its argument types, say. Constructors of the JVM are called
 * by other words as often (`super`, `this`), so their class's name is no evidence.
 */
export function sourceName(frame: Frame): string | undefined {
  return frame.readable?.startsWith('new ') || frame.readable?.startsWith('static ')
    ? frame.function
    : (frame.readable ?? frame.function);
}

function mapped(
  path: string,
  mappings: readonly PathMapping[],
  folders: readonly WorkspaceFiles[],
  confidence: number,
  how: string,
): Candidate | undefined {
  const longestFirst = mappings
    .map(({ from, to }) => ({ from: normalisePath(from), to: to.replace(/\\/g, '/') }))
    .sort((a, b) => b.from.length - a.from.length);
  for (const { from, to } of longestFirst) {
    const rest = from === '' ? path : from === '/' ? path.slice(1) : restAfter(path, from);
    if (rest === undefined) continue;
    for (const files of folders) {
      const target = normalisePath(isAbsolutePath(to) ? `${to}/${rest}` : `${files.root}/${to}/${rest}`);
      const relative = files.relative(target);
      const known = relative === undefined ? undefined : files.find(relative);
      if (known !== undefined) return { files, path: known, confidence, why: `${how} ${from || '.'} is ${to || '.'}` };
    }
  }
  return undefined;
}

/** The file that an earlier choice speaks for. */
function asLearned(path: string, { learned = [], files }: ResolveOptions): Candidate | undefined {
  const fitting = learned.filter(({ from }) => restAfter(path, from) !== undefined);
  for (const mapping of fitting.toSorted((a, b) => b.from.length - a.from.length)) {
    const found = mapped(path, [mapping], files, learnedConfidence, 'as you chose before,');
    if (found) return { ...found, learned: mapping };
  }
  return undefined;
}

/** Of folders within one another a window may have both open. */
function isSameFile(one: Candidate, other: Candidate): boolean {
  return one.files.absolute(one.path) === other.files.absolute(other.path);
}

/** What is left of a path below a folder; nothing where the mapping is of the file itself. */
function restAfter(path: string, folder: string): string | undefined {
  if (path === folder) return '';
  const prefix = folder.endsWith('/') ? folder : `${folder}/`;
  return path.startsWith(prefix) ? path.slice(prefix.length) : undefined;
}

/** The printed path is a file of the workspace as it stands. */
function exact(path: string, folders: readonly WorkspaceFiles[]): Candidate | undefined {
  if (!isAbsolutePath(path)) return undefined;
  for (const files of folders) {
    const relative = files.relative(path);
    const known = relative === undefined ? undefined : files.find(relative);
    if (known !== undefined) return { files, path: known, confidence: 0.97, why: 'the path itself' };
  }
  return undefined;
}

/** The printed path is a file that the index does not have: git ignores it, or it is of another work tree in the folder. */
async function unlistedFile(path: string, { files, readSource }: ResolveOptions): Promise<Candidate | undefined> {
  if (!readSource || !isAbsolutePath(path)) return undefined;
  for (const folder of files) {
    const relative = folder.relative(path);
    if (relative === undefined || (await readSource(path, 0)).kind === 'missing') continue;
    return { files: folder, path: relative, confidence: 0.97, why: 'the path itself, which git does not list' };
  }
  return undefined;
}

/** Raises or lowers a candidate by what stands in its file. */
async function withEvidence(candidate: Candidate, frame: Frame, options: ResolveOptions): Promise<Candidate> {
  const { readSource } = options;
  if (!readSource || frame.line1 === undefined) {
    if (candidate.isCrowded) return { ...candidate, confidence: Math.min(unsure, candidate.confidence) };
    return candidate.needsDeclaration
      ? { ...candidate, confidence: 0, why: `${candidate.why}, but not the folders of its package` }
      : candidate;
  }
  const name = sourceName(frame);
  const { evidence, declaration } = await inspectSource(readSource, candidate.files.absolute(candidate.path), {
    line1: frame.line1,
    ...(name === undefined ? {} : { function: enclosingName(name) }),
    ...(options.callee === undefined ? {} : { callee: options.callee }),
    ...(frame.module === undefined ? {} : { module: frame.module }),
  });
  const declared = candidate.path.endsWith('.go')
    ? await goPackageOf(frame, candidate.files, candidate.path, readSource)
    : declaration;
  if (candidate.needsDeclaration && declared !== 'same') {
    return { ...candidate, confidence: 0, why: `${candidate.why}, but not its package` };
  }
  const change = weightOf(evidence);
  const isOneOfMany = candidate.isCrowded === true && declared !== 'same';
  return {
    ...candidate,
    confidence: Math.max(
      0,
      Math.min(
        isOneOfMany ? unsure : (change.most ?? Infinity),
        candidate.confidence + change.by + declarationWeights[declared],
      ),
    ),
    ...(change.behind !== undefined && { behind: change.behind }),
    ...(change.approximate !== undefined && { approximate: change.approximate }),
    why: [
      candidate.why,
      ...(declared === 'unknown' ? [] : [declared === 'same' ? 'declares its module' : 'declares another module']),
      ...(change.approximate === undefined ? [] : [`approximate: ${change.approximate}`]),
      ...(change.why === undefined ? [] : [change.why]),
      ...(isOneOfMany ? ['more files of this name than are looked at'] : []),
    ].join('; '),
  };
}

const declarationWeights: Readonly<Record<Declaration, number>> = { same: 0.2, unknown: 0, other: -0.35 };

/** What a file may reach in which there is no such line: it is another one, or of another time. */
const unsure = openConfidence - 0.05;

interface Weight {
  readonly by: number;
  readonly behind?: number;
  readonly most?: number;
  readonly approximate?: string;
  readonly why?: string;
}

function weightOf(evidence: Evidence): Weight {
  switch (evidence.kind) {
    case 'calleeOnLine':
      return { by: 0.25, why: `${evidence.callee} stands on the line` };
    case 'functionInFile':
      return { by: 0.1, why: `the file has ${evidence.name}` };
    case 'calleeElsewhere':
      return { by: -0.12, approximate: `${evidence.callee} does not stand on the line, which may have moved` };
    case 'functionBelow':
      return {
        by: 0,
        behind: 0.25,
        approximate: `${evidence.name} stands below the line only, which may have moved`,
      };
    case 'blankLine': {
      const approximate = 'nothing stands on the line, which may have moved';
      return { by: evidence.name === undefined ? -0.12 : 0, behind: 0.25, approximate };
    }
    case 'functionMissing':
      return { by: -0.2, approximate: `the file has no ${evidence.name}` };
    case 'pastEnd': {
      const { lines, name } = evidence;
      const why = `the file has only ${countText(lines, 'line')}`;
      return { by: -0.35, most: unsure, why: name === undefined ? why : `${why}, though it has ${name}` };
    }
    case 'unreadable':
      return { by: -1, why: evidence.why };
    case 'tooLarge':
      return { by: 0, approximate: 'the file is too large to look at its lines' };
    case 'nothing':
      return { by: 0 };
  }
}

function rankOf({ confidence, behind = 0 }: Candidate): number {
  return confidence - behind;
}

/** One file that is good enough and clearly the best, or the list to choose from. */
function judged(frame: Frame, candidates: readonly Candidate[]): Resolution {
  const sorted = candidates
    .filter((candidate) => candidate.confidence > 0)
    .sort((a, b) => rankOf(b) - rankOf(a) || (a.path < b.path ? -1 : 1));
  const [best, second] = sorted;
  if (!best) return { kind: 'none', why: candidates[0]?.why ?? 'no such file' };
  const place = { line1: frame.line1 ?? 1, ...(frame.column1 !== undefined && { column1: frame.column1 }) };
  const isClear = !second || rankOf(best) - rankOf(second) >= clearMargin;
  if (isClear && best.confidence >= openConfidence) {
    return {
      kind: 'file',
      path: best.files.absolute(best.path),
      ...place,
      confidence: Math.round(Math.min(maxConfidence, best.confidence) * 100) / 100,
      why: frame.line1 === undefined ? `${best.why}; the frame names no line` : best.why,
      ...(best.approximate !== undefined && { approximate: best.approximate }),
      ...(best.learned && { learned: best.learned }),
    };
  }
  const printed = framePathOf(frame);
  return {
    kind: 'choice',
    ...place,
    candidates: sorted.slice(0, maxShown).map(({ files, path, why }) => {
      const teaches = mappingOfChoice(printed, { root: files.root, path, caseInsensitive: files.caseInsensitive });
      return { path: files.absolute(path), why, ...(teaches && { teaches }) };
    }),
    why: second && !isClear ? `${sorted.length} files look alike: ${best.why}` : `not sure: ${best.why}`,
  };
}
