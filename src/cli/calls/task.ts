/** `task`: one task whole: the folded task, its attempts, its records in order, and where in the source it failed. */

import type { LogRecord } from '../../model/record.ts';
import type { Attempt, TaskDetail } from '../../model/task.ts';
import type { ResolveTraceOptions } from '../../stacktrace/resolveTrace.ts';
import type { Revision } from '../../stacktrace/revision.ts';
import { isCommitName } from '../../stacktrace/revisionPaths.ts';
import { asking, judge } from '../asking.ts';
import type { Call, CallContext } from '../call.ts';
import { type ExitCode, exitCode } from '../exitCode.ts';
import { bytesText, countText, durationText, timeText } from '../../model/readableNumbers.ts';
import type { OptionValues } from '../options.ts';
import { plainBlock, plainLine } from '../../model/plainText.ts';
import { findRevision } from '../gitRevision.ts';
import { recordColumns, recordLine } from '../recordTable.ts';
import { printTable, type Column } from '../table.ts';
import { errorText, statusStyle } from '../taskTable.ts';
import type { Terminal } from '../terminal.ts';
import { askOptions } from '../whereToAsk.ts';
import { openWorkspace, printTraces, workspaceOptions, workspaceThen } from '../workspace.ts';
import { Failure, WrongUse } from '../wrongUse.ts';

export const taskCall: Call = {
  words: ['task'],
  usage: 'ID [where to ask] [--workspace DIR] [--map FROM=TO…] [--source-maps DIR]',
  summary: 'one task: its attempts, its records, and where in the source it failed',
  details: 'With --json: the folded task, then each attempt, then each record, one per line.',
  options: { ...askOptions, ...workspaceOptions },
  run: runTask,
};

async function runTask(values: OptionValues, context: CallContext): Promise<ExitCode> {
  const [id, unexpected] = values.positionals;
  if (id === undefined || id === '') throw new WrongUse('Expected the id of a task.');
  if (unexpected !== undefined) throw new WrongUse(`Expected one id, got ${JSON.stringify(unexpected)} too.`);
  const { terminal } = context;
  return asking(values, context, async ({ environment, connection, mode, ask }) => {
    const { detail, from } = await connection.task(id, mode, ask);
    const judged = judge(terminal, from);
    if (!detail) {
      const places = from.map(({ backend, url }) => `${backend} ${url}`).join(', ');
      terminal.tell(`There is no task ${id} in ${places === '' ? 'what was asked' : places}.`);
      return judged === exitCode.done ? exitCode.failed : judged;
    }
    if (terminal.json) {
      await terminal.printJson(detail.task);
      for (const attempt of detail.attempts) await terminal.printJson(attempt);
      for (const record of detail.records) await terminal.printJson(recordLine(record));
      return judged;
    }
    await printTask(terminal, detail);
    const stacks = stacksOf(detail);
    if (stacks.size === 0) return judged;
    terminal.progress('listing the workspace');
    const workspace = await openWorkspace(values, context, environment.paths);
    const revisions = new Map<string | undefined, Revision | undefined>();
    for (const [stack, commit] of stacks) {
      await terminal.printText('');
      if (!revisions.has(commit)) revisions.set(commit, await revisionThatRan(commit, workspace, context));
      const revision = revisions.get(commit);
      const at = revision ? workspaceThen(workspace, revision) : workspace;
      // A trace of a format that is not known is still worth reading.
      if ((await printTraces(terminal, stack, at, context.cwd, revision)) === 0) {
        await terminal.printText(plainBlock(stack));
      }
    }
    return judged;
  });
}

/** Each stack once, with the commit that ran: the record of the failed attempt and that of the failed task hold the same. */
function stacksOf({ task, attempts, records }: TaskDetail): ReadonlyMap<string, string | undefined> {
  const stacks = new Map<string, string | undefined>();
  for (const { error, build } of [...records, ...attempts.map(({ error }) => ({ error, build: undefined }))]) {
    if (error?.stack === undefined) continue;
    const commit = (build ?? task.build)?.commit;
    if (!stacks.has(error.stack) || stacks.get(error.stack) === undefined) stacks.set(error.stack, commit);
  }
  return stacks;
}

/** What a build says of its commit may be wrong or of another repository: lines are then as the trace has them. */
async function revisionThatRan(
  commit: string | undefined,
  { files }: ResolveTraceOptions,
  context: CallContext,
): Promise<Revision | undefined> {
  if (commit === undefined || !isCommitName(commit)) return undefined;
  const folders = files.map(({ root }) => root);
  const found = await findRevision(folders, commit, context).catch((error: unknown) => {
    if (error instanceof Failure) return undefined;
    throw error;
  });
  if (found?.kind === 'absent') context.terminal.tell(`${found.message} Until then lines are as the trace has them.`);
  return found?.kind === 'revision' ? found.revision : undefined;
}

const attemptColumns: readonly Column<Attempt>[] = [
  { title: 'TRY', value: ({ attempt }) => String(attempt), right: true },
  {
    title: 'STATUS',
    value: ({ status }) => status,
    style: ({ status }) => (status === 'failed' || status === 'lost' ? 'red' : 'green'),
  },
  { title: 'WORKER', value: ({ worker }) => worker ?? '', shrinks: true },
  { title: 'COORDINATOR', value: ({ coordinator }) => coordinator ?? '', shrinks: true },
  { title: 'FROM', value: ({ firstTs }) => timeText(firstTs), style: () => 'dim' },
  { title: 'TOOK', value: ({ firstTs, lastTs }) => durationText(lastTs - firstTs), right: true },
  { title: 'ERROR', value: ({ error }) => errorText(error) },
];

async function printTask(terminal: Terminal, { task, attempts, records }: TaskDetail): Promise<void> {
  const tries = attempts.length === 0 ? '' : ` after ${countText(task.attempts, 'attempt')}`;
  await terminal.printText(
    `${terminal.style('bold', plainLine(task.task))}  ${terminal.style(statusStyle(task.status), task.status)}${tries}`,
  );
  const { account, collection, source, coordinator, worker, key, bytes, docs, error, group, build } = task;
  const facts: readonly (readonly [string, string | undefined])[] = [
    ['account', account],
    ['collection', collection],
    ['source', source],
    ['coordinator', coordinator],
    ['worker', worker],
    ['input', key],
    ['size', bytes === undefined ? undefined : bytesText(bytes)],
    ['documents', docs === undefined ? undefined : docs.toLocaleString('en-US')],
    ['from', timeText(task.firstTs)],
    ['to', `${timeText(task.lastTs)} (${durationText(task.durationMs)})`],
    ['build', build && [build.service, build.version, build.commit].filter((part) => part !== undefined).join(' ')],
    ['error', error && errorText(error)],
    ['group', group],
  ];
  for (const [name, value] of facts) {
    if (value !== undefined && value !== '') {
      await terminal.printText(`  ${terminal.style('dim', name.padEnd(12))} ${plainLine(value)}`);
    }
  }
  if (attempts.length > 0) await terminal.printText('');
  await printTable(terminal, attemptColumns, attempts);
  if (records.length > 0) await terminal.printText('');
  const columns = recordColumns.filter(({ title }) => title !== 'TASK');
  await printTable<LogRecord>(terminal, columns, records);
}
