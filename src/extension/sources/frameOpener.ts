/** Leads from a stack frame to its source line: at the revision that ran where that is known, else as near as can be told. */

import { lstat } from 'node:fs/promises';
import { basename } from 'node:path';
import * as vscode from 'vscode';
import type { PathMapping } from '../../model/environment.ts';
import { maxSourceBytes, readSource } from '../../stacktrace/readSource.ts';
import { guessFrameLine, type LocatedLine } from '../../stacktrace/revisionGuess.ts';
import type { LineNow } from '../../stacktrace/revisionLines.ts';
import { type CandidateFile, type Frame, type Resolution, type Trace } from '../../stacktrace/trace.ts';
import { failureOf } from '../failureText.ts';
import { iconFree, linkFree, plainLine } from '../plainText.ts';
import type { Environments } from '../settings/environments.ts';
import { environmentsKey, settingsSection } from '../settings/settings.ts';
import { frameText } from '../views/errorNodes.ts';
import type { Deployed, DeployedRevision, DeployedRevisions } from './deployedRevision.ts';
import type { FrameNote, FrameNotes } from './frameNotes.ts';
import { type LearnedMappings, learnedText } from './learnedMappings.ts';
import { openLine, type ShowOptions, showLine } from './openLine.ts';
import type { OwnSources } from './ownSources.ts';
import type { WorkspaceSources } from './workspaceSources.ts';

/** A frame with all that is known of where it came from. */
export interface FramePlace {
  readonly frame: Frame;
  /** The trace that has it. */
  readonly trace: Trace;
  readonly mappings: readonly PathMapping[];
  /** Of the build that failed, as its log says. */
  readonly commit?: string;
}

interface SourceLine extends LocatedLine {
  readonly column1?: number;
  /** The learned mapping by which it was found. */
  readonly learned?: PathMapping;
}

export class FrameOpener {
  readonly #sources: WorkspaceSources;
  readonly #own: OwnSources;
  readonly #revisions: DeployedRevisions;
  readonly #learned: LearnedMappings;
  readonly #environments: Environments;
  readonly #notes: FrameNotes;
  /** Commits that were offered to be fetched: once is enough. */
  readonly #offered = new Set<string>();
  #opening: AbortController | undefined;

  constructor(
    sources: WorkspaceSources,
    own: OwnSources,
    revisions: DeployedRevisions,
    learned: LearnedMappings,
    environments: Environments,
    notes: FrameNotes,
  ) {
    this.#sources = sources;
    this.#own = own;
    this.#revisions = revisions;
    this.#learned = learned;
    this.#environments = environments;
    this.#notes = notes;
  }

  /** Of frames that are opened in turn the latest is shown, also where an earlier one takes longer to be found. */
  async open(place: FramePlace, options: ShowOptions = {}): Promise<void> {
    const { frame } = place;
    this.#opening?.abort(new DOMException('another frame is opened', 'AbortError'));
    const opening = new AbortController();
    this.#opening = opening;
    const show = { ...options, signal: opening.signal };
    // Looked up anew: files come and go while a tree or a log is open.
    const { resolution, deployed } = await this.#locate(place);
    if (opening.signal.aborted) return;
    switch (resolution.kind) {
      case 'none':
        // It may be a file of that commit only.
        if (deployed.kind === 'absent' && frame.inApp && (await this.#offerFetch(place, deployed, show))) return;
        await sayWhyNot(frame, resolution.why);
        return;
      case 'file':
        if (this.#own.has(resolution)) {
          // It is what ran: there is no revision to look for.
          await openLine(resolution.path, resolution.line1, resolution.column1, { ...show, isOwn: true });
          return;
        }
        await this.#show(place, deployed, resolution, show);
        return;
      case 'choice': {
        const picked = await pickFile(frame, resolution);
        if (!picked) return;
        const { line1, column1, isMapped } = resolution;
        const { path } = picked;
        const line = { path, line1, ...(column1 !== undefined && { column1 }), ...(isMapped && { isMapped }) };
        // Not awaited: the frame is open, the question may be answered later or never.
        if ((await this.#show(place, deployed, line, show)) && picked.teaches) void this.#learned.offer(picked.teaches);
      }
    }
  }

  /** The lines around a frame at the revision that ran, as text to read; `undefined` when no file is sure enough. */
  async excerpt(place: FramePlace, around: number): Promise<FrameExcerpt | undefined> {
    const { resolution, deployed } = await this.#locate(place);
    if (resolution.kind !== 'file') return undefined;
    const revision = deployed.kind === 'revision' ? deployed.revision : undefined;
    const source = await (revision?.readThen ?? readSource)(resolution.path, maxSourceBytes);
    if (source.kind !== 'text') return undefined;
    // The same line to which a click leads.
    const isSure = revision?.has(resolution.path) === true || this.#own.has(resolution);
    const guess = isSure ? undefined : await guessFrameLine(readSource, place.frame, place.trace, resolution);
    const { line1 } = guess ?? resolution;
    const first1 = Math.max(1, line1 - around);
    return {
      path: resolution.path,
      line1,
      first1,
      lines: source.text.split(/\r?\n/).slice(first1 - 1, line1 + around),
      ...(guess && guess.kind !== 'here' && { approximate: guess.why }),
      ...(revision && revision.pathNow(resolution.path).kind !== 'unchanged' && { commit: revision.shortCommit }),
    };
  }

  async #locate(place: FramePlace): Promise<{ readonly resolution: Resolution; readonly deployed: Deployed }> {
    const deployed = await this.#revisions
      .of(place.commit)
      .catch((error: unknown): Deployed => ({ kind: 'missing', why: `git failed: ${failureOf(error).message}` }));
    const revision = deployed.kind === 'revision' ? deployed.revision : undefined;
    const { frame, trace, mappings } = place;
    return { resolution: await this.#sources.resolve(frame, trace, mappings, revision), deployed };
  }

  /** False when it was not shown. */
  #show(place: FramePlace, deployed: Deployed, line: SourceLine, show: ShowOptions): Promise<boolean> {
    return deployed.kind === 'revision'
      ? this.#openDeployed(place, deployed.revision, line, show)
      : this.#openNearest(place, deployed, line, show);
  }

  /** An unchanged file opens as it is; a changed one as it was, or where the line is now, as the setting says. */
  async #openDeployed(
    place: FramePlace,
    revision: DeployedRevision,
    line: SourceLine,
    show: ShowOptions,
  ): Promise<boolean> {
    const { path, line1, column1 } = line;
    const name = revision.shortCommit;
    // What it leads to may be another file, or have changed.
    if (!revision.has(path) || (await isLink(path))) {
      return this.#openNearest(place, { kind: 'missing', why: `it is no file of commit ${name}` }, line, show);
    }
    const now = revision.pathNow(path);
    const learned = (at1: number) => this.#learnedNotes(place, line, at1, show);
    if (now.kind === 'unchanged' || now.kind === 'new') {
      if (!(await openLine(path, line1, column1, show))) return false;
      this.#notes.set(vscode.Uri.file(path), learned(line1));
      return true;
    }
    const follow = await revision.lines(path);
    const pathNow = now.kind === 'deleted' ? undefined : now.path;
    const uriThen = revision.uriThen(vscode.Uri.file(path));
    const openThen = async (at1: number, column: number | undefined, options: ShowOptions) => {
      if (!(await showLine(uriThen, at1, column, options))) return false;
      const text = follow
        ? `At ${name}, as it ran: ${lineNowText(at1, follow(at1), now.kind === 'renamed' ? pathNow : undefined)}`
        : `At ${name}, as it ran: there is no such file now`;
      this.#notes.set(
        uriThen,
        [
          { line1: at1, text, ...(pathNow !== undefined && { follow: () => openNow(at1, undefined, {}) }) },
          ...learned(at1),
        ],
        pathNow === undefined ? undefined : (cursor1) => openNow(cursor1, undefined, {}),
      );
      return true;
    };
    const openNow = async (at1: number, column: number | undefined, options: ShowOptions) => {
      const current = follow?.(at1);
      if (!current || pathNow === undefined) return false;
      const sameColumn = current.kind === 'same' || current.kind === 'moved' ? column : undefined;
      if (!(await openLine(pathNow, current.line1, sameColumn, options))) return false;
      this.#notes.set(vscode.Uri.file(pathNow), [
        { line1: current.line1, text: wasText(at1, current, name), follow: () => openThen(at1, undefined, {}) },
        ...learned(current.line1),
      ]);
      return true;
    };
    const { framesOpen } = this.#environments.settings;
    return (framesOpen === 'workingFile' && pathNow !== undefined ? openNow : openThen)(line1, column1, show);
  }

  /** Without the revision: where what the frame called stands now, and how sure that is. */
  async #openNearest(
    place: FramePlace,
    deployed: Exclude<Deployed, { kind: 'revision' }>,
    located: SourceLine,
    show: ShowOptions,
  ): Promise<boolean> {
    const { path, line1, column1 } = located;
    const { frame, trace } = place;
    const guess = await guessFrameLine(readSource, frame, trace, located);
    const isHere = guess.line1 === line1;
    if (!(await openLine(path, guess.line1, isHere ? column1 : undefined, show))) return false;
    const uri = vscode.Uri.file(path);
    const reasons = [
      guess.kind === 'here' ? '' : isHere ? guess.why : `line ${line1} of the trace, ${guess.why}`,
      deployed.kind === 'absent' ? `commit ${deployed.commit.slice(0, 8)} is not in this repository` : '',
      deployed.kind === 'missing' ? deployed.why : '',
    ].filter((reason) => reason !== '');
    const follow = isHere ? {} : { follow: () => openLine(path, line1, column1) };
    this.#notes.set(uri, [
      ...(reasons.length === 0 ? [] : [{ line1: guess.line1, text: `Approximate: ${reasons.join('; ')}`, ...follow }]),
      ...this.#learnedNotes(place, located, guess.line1, show),
    ]);
    if (deployed.kind === 'absent') void this.#offerFetch(place, deployed, show);
    return true;
  }

  /** What was learned may be wrong: where it led, it can be forgotten, and the frame is looked for again. */
  #learnedNotes(place: FramePlace, { learned }: SourceLine, line1: number, show: ShowOptions): FrameNote[] {
    if (!learned) return [];
    const follow = async () => {
      await this.#learned.forget([learned]);
      await this.open(place, show);
    };
    return [{ line1, text: learnedText(learned), follow }];
  }

  /** False when the commit was offered before. */
  async #offerFetch(place: FramePlace, absent: Deployed & { kind: 'absent' }, show: ShowOptions): Promise<boolean> {
    const { commit } = absent;
    if (this.#offered.has(commit)) return false;
    this.#offered.add(commit);
    const fetch = 'Fetch';
    const name = commit.slice(0, 8);
    const picked = await vscode.window.showInformationMessage(
      `This ran at commit ${name}, which is not in this repository: its lines are approximate, and files may be missing.`,
      fetch,
    );
    if (picked !== fetch) return true;
    try {
      const isHere = await vscode.window.withProgress(
        { location: vscode.ProgressLocation.Notification, title: `Fetching commit ${name}` },
        () => absent.fetch(),
      );
      if (isHere) await this.open(place, show);
      else await vscode.window.showWarningMessage(`No remote of this repository has commit ${name}.`);
    } catch (error) {
      // It may be asked for again once the reason is gone.
      this.#offered.delete(commit);
      await vscode.window.showErrorMessage(linkFree(`Fetching failed: ${failureOf(error).message}`));
    }
    return true;
  }
}

export interface FrameExcerpt {
  readonly path: string;
  readonly line1: number;
  /** Number of the first of `lines`. */
  readonly first1: number;
  readonly lines: readonly string[];
  /** Why `line1` may not be the frame's. */
  readonly approximate?: string;
  /** Where the file has changed since: the revision that is shown. */
  readonly commit?: string;
}

/** False of what is gone. */
async function isLink(path: string): Promise<boolean> {
  const info = await lstat(path).catch(() => undefined);
  return info?.isSymbolicLink() ?? false;
}

function lineNowText(line1: number, now: LineNow, renamedTo: string | undefined): string {
  const where = renamedTo === undefined ? '' : ` of ${plainLine(vscode.workspace.asRelativePath(renamedTo), 120)}`;
  switch (now.kind) {
    case 'same':
      return `line ${line1} is the same now${where} · open the current line`;
    case 'moved':
      return `line ${line1} is now line ${now.line1}${where} · open the current line`;
    case 'changed':
      return `line ${line1} has changed since · open line ${now.line1}${where}`;
    case 'gone':
      return `line ${line1} is gone · open where it was${where}`;
  }
}

function wasText(line1: number, now: LineNow, commit: string): string {
  const was = `line ${line1} at ${commit}, as it ran · open it there`;
  if (now.kind === 'changed') return `Changed since: ${was}`;
  if (now.kind === 'gone') return `What stood here is gone: ${was}`;
  return now.kind === 'same' ? `The same as ${was}` : `Was ${was}`;
}

async function pickFile(
  frame: Frame,
  { candidates, why }: Resolution & { readonly kind: 'choice' },
): Promise<CandidateFile | undefined> {
  const items = candidates.map((candidate) => ({
    label: iconFree(basename(candidate.path)),
    description: iconFree(vscode.workspace.asRelativePath(candidate.path)),
    detail: iconFree(candidate.why),
    candidate,
  }));
  const picked = await vscode.window.showQuickPick(items, {
    title: `Which file is meant by ${plainLine(frame.file ?? frameText(frame), 100)}?`,
    placeHolder: plainLine(why),
    matchOnDescription: true,
  });
  return picked?.candidate;
}

async function sayWhyNot(frame: Frame, why: string): Promise<void> {
  const addMapping = 'Add a Path Mapping';
  const where = frame.file === undefined ? frameText(frame) : `${frame.file}:${frame.line1 ?? '?'}`;
  // A runtime's or library's frame needs no mapping.
  const advice = frame.inApp
    ? ' Open the folder that holds it, or map its path in the "paths" of the environment.'
    : '';
  const message = linkFree(`${plainLine(where)} is not in this workspace: ${why}.${advice}`, 600);
  const picked = await vscode.window.showInformationMessage(message, ...(frame.inApp ? [addMapping] : []));
  if (picked !== addMapping) return;
  await vscode.commands.executeCommand('workbench.action.openSettings', `${settingsSection}.${environmentsKey}`);
}
