/** `workers`: which worker holds which task now, as every coordinator of the cluster has it. */

import type { Json, JsonObject } from '../../model/json.ts';
import { asking } from '../asking.ts';
import type { Call, CallContext } from '../call.ts';
import { type ExitCode, exitCode } from '../exitCode.ts';
import { countText, durationText } from '../../model/readableNumbers.ts';
import type { OptionValues } from '../options.ts';
import { type Column, printTable } from '../table.ts';
import { askOptions } from '../whereToAsk.ts';
import { Failure, WrongUse } from '../wrongUse.ts';
import { runWorkersAt } from './workersAt.ts';

export const workersCall: Call = {
  words: ['workers'],
  usage: "[--at TIME ['QUERY']] [where to ask]",
  summary: 'which worker holds which task now, or ran what then',
  details: [
    'With --json: one worker per line as its coordinator has it, plus coordinator and url.',
    'With --at, from the index or the logs, one attempt per line: {worker, task, attempt, status, isOpen, startTs, endTs, …}.',
  ].join('\n'),
  options: {
    at: { type: 'text', value: 'TIME', help: 'then rather than now: 2h (ago), a date, or RFC 3339' },
    ...askOptions,
  },
  run: runWorkers,
};

async function runWorkers(values: OptionValues, context: CallContext): Promise<ExitCode> {
  const at = values.text('at');
  if (at !== undefined) return runWorkersAt(at, values, context);
  values.noPositionals();
  const { terminal } = context;
  return asking(values, context, async ({ environment, connection, ask }) => {
    if (environment.coordinators.length === 0) {
      throw new WrongUse('Expected coordinators: --coordinator URL, or an environment that has some.');
    }
    const answers = await connection.workers(ask);
    const workers = answers.flatMap((answer) => {
      if (answer.kind === 'down') return [];
      const { url, coordinator } = answer;
      return answer.workers.map((worker) => ({ ...worker, coordinator, url }));
    });
    if (terminal.json) for (const worker of workers) await terminal.printJson(worker);
    else await printTable(terminal, columns(context.now()), workers);
    const problems = answers.filter((answer) => answer.kind === 'down');
    for (const { url, message } of problems) terminal.tell(`coordinator ${url}: ${message}`);
    if (problems.length === answers.length) throw new Failure('No coordinator told its workers.');
    if (!terminal.json && workers.length === 0) await terminal.printText(countText(0, 'worker'));
    return problems.length > 0 ? exitCode.partial : exitCode.done;
  });
}

function columns(nowMs: number): readonly Column<JsonObject>[] {
  return [
    { title: 'WORKER', value: ({ worker }) => text(worker), shrinks: true },
    { title: 'COORDINATOR', value: ({ coordinator }) => text(coordinator), shrinks: true },
    { title: 'TASK', value: ({ task }) => text(task) },
    { title: 'TRY', value: ({ attempt }) => text(attempt), right: true },
    {
      title: 'LAST HEARD',
      value: ({ lastHeartbeatTs }) =>
        typeof lastHeartbeatTs === 'number' ? `${durationText(Math.max(0, nowMs - lastHeartbeatTs))} ago` : '',
    },
  ];
}

function text(value: Json | undefined): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}
