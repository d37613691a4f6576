/** Leads from a stack frame to its source line: at the revision that ran where that is known, else as near as can be told. */

import { basename } from 'node:path';
import * as vscode from 'vscode';
import type { PathMapping } from '../../model/environment.ts';
import { readSource } from '../../stacktrace/readSource.ts';
import { calleeOf } from '../../stacktrace/resolveTrace.ts';
import { guessLine } from '../../stacktrace/revisionGuess.ts';
import type { LineNow } from '../../stacktrace/revisionLines.ts';
import { type Frame, openConfidence, type Resolution, type Trace } from '../../stacktrace/trace.ts';
import { failureOf } from '../failureText.ts';
import { iconFree, linkFree, plainLine } from '../plainText.ts';
import type { Environments } from '../settings/environments.ts';
import { environmentsKey, settingsSection } from '../settings/settings.ts';
import { frameText } from '../views/errorNodes.ts';
import { type Deployed, type DeployedRevision, deployedRevision } from './deployedRevision.ts';
import type { FrameNotes } from './frameNotes.ts';
import { openLine, type ShowOptions, showLine } from './openLine.ts';
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

interface SourceLine {
  readonly path: string;
  readonly line1: number;
  readonly column1?: number;
}

/** Larger files are not read to find a line in them. */
const maxSourceBytes = 4 << 20;

export class FrameOpener {
  readonly #sources: WorkspaceSources;
  readonly #environments: Environments;
  readonly #notes: FrameNotes;
  /** Commits that were offered to be fetched: once is enough. */
  readonly #offered = new Set<string>();

  constructor(sources: WorkspaceSources, environments: Environments, notes: FrameNotes) {
    this.#sources = sources;
    this.#environments = environments;
    this.#notes = notes;
  }

  async open(place: FramePlace, show: ShowOptions = {}): Promise<void> {
    const { frame } = place;
    // Looked up anew: files come and go while a tree or a log is open.
    const { resolution, deployed } = await this.#locate(place);
    const line =
      resolution.kind === 'file' && resolution.confidence >= openConfidence
        ? resolution
        : resolution.kind === 'none'
          ? await sayWhyNot(frame, resolution.why)
          : await pickFile(frame, resolution);
    if (!line) return;
    if (deployed.kind === 'revision') await this.#openDeployed(deployed.revision, line, show);
    else await this.#openNearest(place, deployed, line, show);
  }

  /** The lines around a frame at the revision that ran, as text to read; `undefined` when no file is sure enough. */
  async excerpt(place: FramePlace, around: number): Promise<FrameExcerpt | undefined> {
    const { resolution, deployed } = await this.#locate(place);
    if (resolution.kind !== 'file' || resolution.confidence < openConfidence) return undefined;
    const revision = deployed.kind === 'revision' ? deployed.revision : undefined;
    const source = await (revision?.readThen ?? readSource)(resolution.path, maxSourceBytes);
    if (source.kind !== 'text') return undefined;
    const first1 = Math.max(1, resolution.line1 - around);
    return {
      path: resolution.path,
      line1: resolution.line1,
      first1,
      lines: source.text.split(/\r?\n/).slice(first1 - 1, resolution.line1 + around),
      ...(revision && revision.pathNow(resolution.path).kind !== 'unchanged' && { commit: revision.shortCommit }),
    };
  }

  async #locate(place: FramePlace): Promise<{ readonly resolution: Resolution; readonly deployed: Deployed }> {
    const deployed = await deployedRevision(place.commit).catch(
      (error: unknown): Deployed => ({ kind: 'missing', why: `git failed: ${failureOf(error).message}` }),
    );
    const revision = deployed.kind === 'revision' ? deployed.revision : undefined;
    const { frame, trace, mappings } = place;
    return { resolution: await this.#sources.resolve(frame, trace, mappings, revision), deployed };
  }

  /** An unchanged file opens as it is; a changed one as it was, or where the line is now, as the setting says. */
  async #openDeployed(revision: DeployedRevision, line: SourceLine, show: ShowOptions): Promise<void> {
    const { path, line1, column1 } = line;
    const now = revision.pathNow(path);
    const name = revision.shortCommit;
    if (now.kind === 'unchanged' || now.kind === 'new') {
      if (await openLine(path, line1, column1, show)) this.#notes.clear(vscode.Uri.file(path));
      return;
    }
    const follow = await revision.lines(path);
    const pathNow = now.kind === 'deleted' ? undefined : now.path;
    const uriThen = revision.uriThen(vscode.Uri.file(path));
    const openThen = async (at1: number, column: number | undefined, options: ShowOptions) => {
      await showLine(uriThen, at1, column, options);
      const text = follow
        ? `At ${name}, as it ran: ${lineNowText(at1, follow(at1), now.kind === 'renamed' ? pathNow : undefined)}`
        : `At ${name}, as it ran: the file was deleted since`;
      this.#notes.set(
        uriThen,
        [{ line1: at1, text, ...(pathNow !== undefined && { follow: () => openNow(at1, undefined, {}) }) }],
        pathNow === undefined ? undefined : (cursor1) => openNow(cursor1, undefined, {}),
      );
    };
    const openNow = async (at1: number, column: number | undefined, options: ShowOptions) => {
      const current = follow?.(at1);
      if (!current || pathNow === undefined) return;
      const sameColumn = current.kind === 'same' || current.kind === 'moved' ? column : undefined;
      if (!(await openLine(pathNow, current.line1, sameColumn, options))) return;
      this.#notes.set(vscode.Uri.file(pathNow), [
        { line1: current.line1, text: wasText(at1, current, name), follow: () => openThen(at1, undefined, {}) },
      ]);
    };
    const { framesOpen } = this.#environments.settings;
    await (framesOpen === 'workingFile' && pathNow !== undefined ? openNow : openThen)(line1, column1, show);
  }

  /** Without the revision: where what the frame called stands now, and how sure that is. */
  async #openNearest(
    place: FramePlace,
    deployed: Exclude<Deployed, { kind: 'revision' }>,
    { path, line1, column1 }: SourceLine,
    show: ShowOptions,
  ): Promise<void> {
    const { frame, trace } = place;
    const source = await readSource(path, maxSourceBytes);
    const callee = calleeOf(trace.frames, trace.frames.indexOf(frame));
    const guess =
      source.kind === 'text'
        ? guessLine(source.text, {
            line1,
            ...(frame.function !== undefined && { function: frame.function }),
            ...(callee !== undefined && { callee }),
          })
        : ({ kind: 'here', line1 } as const);
    const isHere = guess.line1 === line1;
    if (!(await openLine(path, guess.line1, isHere ? column1 : undefined, show))) return;
    const uri = vscode.Uri.file(path);
    const reasons = [
      guess.kind === 'here' ? '' : isHere ? guess.why : `line ${line1} of the trace, ${guess.why}`,
      deployed.kind === 'absent' ? `commit ${deployed.commit.slice(0, 8)} is not in this repository` : '',
      deployed.kind === 'missing' ? deployed.why : '',
    ].filter((reason) => reason !== '');
    if (reasons.length === 0) this.#notes.clear(uri);
    else {
      const follow = isHere ? {} : { follow: async () => void (await openLine(path, line1, column1)) };
      this.#notes.set(uri, [{ line1: guess.line1, text: `Approximate: ${reasons.join('; ')}`, ...follow }]);
    }
    if (deployed.kind === 'absent') void this.#offerFetch(place, deployed, show);
  }

  async #offerFetch(place: FramePlace, absent: Deployed & { kind: 'absent' }, show: ShowOptions): Promise<void> {
    const { commit } = absent;
    if (this.#offered.has(commit)) return;
    this.#offered.add(commit);
    const fetch = 'Fetch';
    const name = commit.slice(0, 8);
    const picked = await vscode.window.showInformationMessage(
      `This ran at commit ${name}, which is not in this repository: the line is approximate.`,
      fetch,
    );
    if (picked !== fetch) return;
    try {
      await vscode.window.withProgress(
        { location: vscode.ProgressLocation.Notification, title: `Fetching commit ${name}` },
        () => absent.fetch(),
      );
    } catch (error) {
      // It may be asked for again once the reason is gone.
      this.#offered.delete(commit);
      await vscode.window.showErrorMessage(linkFree(`Fetching failed: ${failureOf(error).message}`));
      return;
    }
    const fetched = await deployedRevision(commit);
    if (fetched.kind === 'revision') await this.open(place, show);
    else await vscode.window.showWarningMessage(`The remotes of this repository do not have commit ${name} either.`);
  }
}

export interface FrameExcerpt {
  readonly path: string;
  readonly line1: number;
  /** Number of the first of `lines`. */
  readonly first1: number;
  readonly lines: readonly string[];
  /** Where the file has changed since: the revision that is shown. */
  readonly commit?: string;
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
  resolution: Exclude<Resolution, { kind: 'none' }>,
): Promise<SourceLine | undefined> {
  const candidates = resolution.kind === 'file' ? [resolution] : resolution.candidates;
  const items = candidates.map(({ path, why }) => ({
    label: iconFree(basename(path)),
    description: iconFree(vscode.workspace.asRelativePath(path)),
    detail: iconFree(why),
    path,
  }));
  const picked = await vscode.window.showQuickPick(items, {
    title: `Which file is meant by ${plainLine(frame.file ?? frameText(frame), 100)}?`,
    placeHolder: plainLine(resolution.why),
    matchOnDescription: true,
  });
  if (!picked) return undefined;
  const { line1 = 1, column1 } = frame;
  return { path: picked.path, line1, ...(column1 !== undefined && { column1 }) };
}

async function sayWhyNot(frame: Frame, why: string): Promise<undefined> {
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
