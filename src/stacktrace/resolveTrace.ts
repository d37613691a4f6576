/** Resolves the frames of a trace together: each says something about the others. */

import type { PathMapping } from '../model/environment.ts';
import { isAbsolutePath, normalisePath } from './framePath.ts';
import { isInApp } from './parse/javascriptFrame.ts';
import type { ReadSource } from './readSource.ts';
import { mappingOf, type ResolveOptions, resolveFrame, sourceName } from './resolveFrame.ts';
import { namesOf } from './sourceEvidence.ts';
import { SourceMaps } from './sourceMap.ts';
import { type Frame, type Resolution, type Trace, tracesWithin } from './trace.ts';
import type { WorkspaceFiles } from './workspaceFiles.ts';

export interface ResolveTraceOptions {
  readonly files: readonly WorkspaceFiles[];
  readonly mappings?: readonly PathMapping[];
  /** See `ResolveOptions`. */
  readonly learned?: readonly PathMapping[];
  readonly readSource?: ReadSource;
  /** Share one between calls to keep loaded maps; without it one is made from `readSource`. */
  readonly sourceMaps?: SourceMaps;
  readonly signal?: AbortSignal;
}

export interface ResolvedFrame {
  /** As printed. */
  readonly frame: Frame;
  /** The trace it belongs to: the one asked for, or one under it. */
  readonly trace: Trace;
  readonly resolution: Resolution;
}

interface Located {
  readonly frame: Frame;
  readonly trace: Trace;
  /** The frame in its source, where a source map told. */
  readonly source: Frame;
  readonly isMapped?: true;
  readonly how?: string;
  readonly callee?: string;
}

/** Minifiers give names of few letters, which stand in no source, or for something else. */
const shortestName = 4;

/** A name of a bundle where it may be the source's, too. */
export function nameInSource(name: string | undefined): string | undefined {
  return namesOf(name).some((one) => one.length >= shortestName) ? name : undefined;
}

/**
 * Every frame of a trace and of the traces under it, in `tracesWithin` order, innermost first.
 * @throws the signal's reason when it is aborted
 */
export async function resolveTrace(trace: Trace, options: ResolveTraceOptions): Promise<ResolvedFrame[]> {
  const readSource = options.readSource && remembering(options.readSource);
  const maps = options.sourceMaps ?? (readSource && new SourceMaps(readSource));
  const resolving: ResolveOptions = {
    files: options.files,
    ...(options.mappings ? { mappings: options.mappings } : {}),
    ...(options.learned ? { learned: options.learned } : {}),
    ...(readSource ? { readSource } : {}),
  };
  const located: Located[] = [];
  for (const part of tracesWithin(trace)) {
    for (const [index, frame] of part.frames.entries()) {
      options.signal?.throwIfAborted();
      const place = part.language === 'javascript' ? await unbundled(frame, options, maps) : { source: frame };
      const called = calleeOf(part.frames, index);
      const callee = place.isMapped ? nameInSource(called) : called;
      located.push({ frame, trace: part, ...place, ...(callee === undefined ? {} : { callee }) });
    }
  }
  const resolve = async (one: Located, siblings: readonly PathMapping[]): Promise<Resolution> => {
    options.signal?.throwIfAborted();
    const own = one.callee === undefined ? resolving : { ...resolving, callee: one.callee };
    const found = await resolveFrame(one.source, { ...own, siblings });
    const resolution = one.isMapped && found.kind !== 'none' ? { ...found, isMapped: true as const } : found;
    return one.how === undefined ? resolution : { ...resolution, why: `${resolution.why}, ${one.how}` };
  };
  const resolutions: Resolution[] = [];
  for (const one of located) resolutions.push(await resolve(one, []));
  const siblings = siblingMappings(located, resolutions);
  if (siblings.length > 0) {
    for (const [index, one] of located.entries()) {
      if (one.source.inApp && resolutions[index]?.kind !== 'file') resolutions[index] = await resolve(one, siblings);
    }
  }
  return located.map(({ frame, trace: part }, index) => ({
    frame,
    trace: part,
    resolution: resolutions[index] ?? { kind: 'none', why: 'not resolved' },
  }));
}

/** The name of the function that the frame was calling: the frame above it, schedulers between the two left out. */
export function calleeOf(frames: readonly Frame[], index: number): string | undefined {
  const frame = frames[index];
  if (!frame || frame.afterGap) return undefined;
  for (let above = index - 1; above >= 0; above--) {
    const callee = frames[above];
    if (callee?.afterGap) return undefined;
    // Rust's library is called through macros and operators, which name none of it.
    if (callee?.file?.startsWith('/rustc/')) return undefined;
    if (!/processTicksAndRejections|runMicrotasks/.test(callee?.function ?? '')) return callee && sourceName(callee);
  }
  return undefined;
}

/** Folders that confident frames agree on. Where two disagree neither is used: the trace spans two projects. */
function siblingMappings(located: readonly Located[], resolutions: readonly Resolution[]): PathMapping[] {
  const byFrom = new Map<string, PathMapping | undefined>();
  for (const [index, one] of located.entries()) {
    const resolution = resolutions[index];
    const mapping = resolution && mappingOf(one.source, resolution);
    if (!mapping) continue;
    const known = byFrom.get(mapping.from);
    byFrom.set(mapping.from, byFrom.has(mapping.from) && known?.to !== mapping.to ? undefined : mapping);
  }
  return [...byFrom.values()].filter((mapping) => mapping !== undefined);
}

/** A frame in a bundle as a frame in its source, where the bundle lies in the workspace with its map. */
async function unbundled(
  frame: Frame,
  options: ResolveTraceOptions,
  maps: SourceMaps | undefined,
): Promise<Pick<Located, 'source' | 'isMapped' | 'how'>> {
  if (!maps || frame.line1 === undefined || !/\.[cm]?jsx?$/.test(frame.file ?? '') || !frame.inApp) {
    return { source: frame };
  }
  const path = normalisePath(frame.file ?? '');
  const bundle = bundleOf(path, options);
  const column1 = frame.column1 ?? 1;
  let position = bundle && (await maps.map(bundle.path, bundle.root, frame.line1, column1));
  if (position?.kind !== 'mapped' && maps.hasFolders) position = await maps.mapFromFolders(path, frame.line1, column1);
  if (position?.kind === 'unmapped') return { source: frame, how: `though ${position.why}` };
  if (position?.kind !== 'mapped') return { source: frame };
  const { file } = position;
  const { function: printed, ...rest } = frame;
  const name = nameInSource(printed);
  const { line1, column1: sourceColumn1 } = position;
  return {
    source: {
      ...rest,
      ...(name !== undefined && { function: name }),
      file,
      line1,
      column1: sourceColumn1,
      inApp: isInApp(file),
    },
    isMapped: true,
    how: `by the source map ${position.map}`,
  };
}

/** Where the bundle is if it is in the workspace: bundles are seldom tracked, so the index need not know them. */
function bundleOf(path: string, options: ResolveTraceOptions): { path: string; root: string } | undefined {
  const paths = [path];
  for (const { from, to } of options.mappings ?? []) {
    const prefix = `${normalisePath(from).replace(/\/$/, '')}/`;
    if (!path.startsWith(prefix)) continue;
    const rest = path.slice(prefix.length);
    if (isAbsolutePath(to)) paths.push(normalisePath(`${to}/${rest}`));
    else for (const files of options.files) paths.push(normalisePath(`${files.root}/${to}/${rest}`));
  }
  for (const candidate of paths) {
    for (const { root } of options.files) if (candidate.startsWith(`${root}/`)) return { path: candidate, root };
  }
  return undefined;
}

/** Reads each file once for all frames of a trace. */
function remembering(readSource: ReadSource): ReadSource {
  const read = new Map<string, ReturnType<ReadSource>>();
  return (path, maxBytes) => {
    const key = `${maxBytes} ${path}`;
    const known = read.get(key) ?? readSource(path, maxBytes);
    if (read.size < maxRemembered) read.set(key, known);
    return known;
  };
}

const maxRemembered = 64;
