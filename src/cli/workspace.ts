/** The workspace of the command: the folders in which the frames of stack traces find their files. */

import { stat } from 'node:fs/promises';
import { isAbsolute, relative, resolve } from 'node:path';
import type { PathMapping } from '../model/environment.ts';
import { tracesIn } from '../stacktrace/findTraces.ts';
import { frameAtRevision, type FrameAtRevision } from '../stacktrace/frameRevision.ts';
import { openWorkspaceFiles } from '../stacktrace/listWorkspaceFiles.ts';
import { readSource } from '../stacktrace/readSource.ts';
import { type ResolveTraceOptions, resolveTrace } from '../stacktrace/resolveTrace.ts';
import type { Revision } from '../stacktrace/revision.ts';
import { SourceMaps } from '../stacktrace/sourceMap.ts';
import type { Frame, Trace } from '../stacktrace/trace.ts';
import type { CallContext } from './call.ts';
import type { OptionTable, OptionValues } from './options.ts';
import { plainLine } from '../model/plainText.ts';
import { errorText } from './taskTable.ts';
import type { Terminal } from './terminal.ts';
import { WrongUse } from './wrongUse.ts';

export const workspaceOptions = {
  workspace: { type: 'text', value: 'DIR', help: 'a folder with the sources; repeatable (.)', repeatable: true },
  map: {
    type: 'text',
    value: 'FROM=TO',
    help: 'where the path prefix FROM of stack traces is in the workspace; repeatable',
    repeatable: true,
    further: /=/,
  },
  'source-maps': {
    type: 'text',
    value: 'DIR',
    help: 'a folder with the source maps of bundles that lie elsewhere; repeatable',
    repeatable: true,
  },
} as const satisfies OptionTable;

/**
 * Lists the workspace folders that the options name, the current one without any.
 * @throws WrongUse on a folder that is not there or a mapping without `=`.
 */
export async function openWorkspace(
  values: OptionValues,
  { cwd, signal }: CallContext,
  mappings: readonly PathMapping[] = [],
): Promise<ResolveTraceOptions> {
  const given = values.texts('workspace');
  const folders = await foldersOf('--workspace', given.length === 0 ? ['.'] : given, cwd);
  const maps = await foldersOf('--source-maps', values.texts('source-maps'), cwd);
  const own = values.texts('map').map((text) => mappingOf(text));
  return {
    files: await Promise.all(folders.map((folder) => openWorkspaceFiles(folder, { signal }))),
    mappings: [...own, ...mappings],
    readSource,
    sourceMaps: new SourceMaps(readSource, maps),
    signal,
  };
}

async function foldersOf(option: string, given: readonly string[], cwd: string): Promise<string[]> {
  const folders = given.map((folder) => resolve(cwd, folder));
  for (const folder of folders) {
    const info = await stat(folder).catch(() => undefined);
    if (!info?.isDirectory()) throw new WrongUse(`${option}: ${folder} is no folder.`);
  }
  return folders;
}

/** The same workspace as it was at a revision. */
export function workspaceThen(workspace: ResolveTraceOptions, revision: Revision): ResolveTraceOptions {
  const { readThen } = revision;
  return {
    ...workspace,
    files: revision.filesThen(workspace.files),
    readSource: readThen,
    ...(workspace.sourceMaps && { sourceMaps: workspace.sourceMaps.reading(readThen) }),
  };
}

function mappingOf(text: string): PathMapping {
  const at = text.indexOf('=');
  if (at <= 0 || at === text.length - 1) {
    throw new WrongUse(`--map expects FROM=TO, such as /build/service=service, got ${JSON.stringify(text)}.`);
  }
  return { from: text.slice(0, at), to: text.slice(at + 1) };
}

/**
 * Prints the traces of a text with the workspace file of each frame, or why there is none.
 * @param revision that ran; the workspace is then as it was at it
 */
export async function printTraces(
  terminal: Terminal,
  text: string,
  workspace: ResolveTraceOptions,
  cwd: string,
  revision?: Revision,
): Promise<number> {
  let count = 0;
  for (const trace of tracesIn(text)) {
    if (count++ > 0) await terminal.printText('');
    let part: Trace | undefined;
    for (const frame of await resolveTrace(trace, workspace)) {
      if (frame.trace !== part) {
        const head = plainLine(errorText(frame.trace)) || `a ${frame.trace.language} trace`;
        await terminal.printText(`${part ? '  under it: ' : ''}${terminal.style('red', head)}`);
        part = frame.trace;
      }
      const found = revision ? await frameAtRevision(frame, revision) : frame;
      await terminal.printText(frameText(terminal, frame.frame, found, cwd));
    }
  }
  return count;
}

function frameText(terminal: Terminal, frame: Frame, { resolution, ran, now }: FrameAtRevision, cwd: string): string {
  const name = plainLine(frame.function ?? frame.module ?? frame.raw);
  switch (resolution.kind) {
    case 'file': {
      const near = relative(cwd, resolution.path);
      const path = near === '' || near.startsWith('..') || isAbsolute(near) ? resolution.path : near;
      const place = `${path}:${resolution.line1}${resolution.column1 === undefined ? '' : `:${resolution.column1}`}`;
      const was = ran ? `  (${plainLine(ran.path)}:${ran.line} at ${ran.commit.slice(0, 8)}, ${now})` : '';
      const doubt = resolution.approximate === undefined ? '' : `  (approximate: ${plainLine(resolution.approximate)})`;
      return `  ${terminal.style('cyan', plainLine(place))}  ${name}${terminal.style('dim', `${was}${doubt}`)}`;
    }
    case 'choice':
      return `  ${plainLine(frame.raw)}  ${terminal.style('dim', `(${plainLine(resolution.why)})`)}`;
    case 'none':
      return terminal.style('dim', `  ${plainLine(frame.raw)}  (${plainLine(resolution.why)})`);
  }
}
