/** `workers`: which worker holds which task now, as every coordinator of the cluster has it. */

import { isJsonObject, type Json, type JsonObject } from '../../model/json.ts';
import { asking } from '../asking.ts';
import type { Call, CallContext } from '../call.ts';
import { type ExitCode, exitCode } from '../exitCode.ts';
import { countText, durationText } from '../../model/readableNumbers.ts';
import type { OptionValues } from '../options.ts';
import { type Column, printTable } from '../table.ts';
import { coordinatorToken, liveOptions } from '../whereToAsk.ts';
import { Failure, WrongUse } from '../wrongUse.ts';

export const workersCall: Call = {
  words: ['workers'],
  usage: '--coordinator URL…',
  summary: 'which worker holds which task now',
  details: 'With --json: one worker per line as its coordinator has it, plus coordinator and url.',
  options: liveOptions,
  run: runWorkers,
};

const timeoutMs = 5000;

async function runWorkers(values: OptionValues, context: CallContext): Promise<ExitCode> {
  values.noPositionals();
  const { terminal } = context;
  return asking(values, context, async ({ environment, connection, ask }) => {
    if (environment.coordinators.length === 0) {
      throw new WrongUse('Expected coordinators: --coordinator URL, or an environment that has some.');
    }
    const { coordinators } = await connection.liveSnapshot(1, ask);
    const token = coordinatorToken(environment, context.env);
    const answers = await Promise.all(
      coordinators.map(async (asked) =>
        asked.kind === 'down'
          ? { url: asked.url, problem: asked.message, workers: [] }
          : { url: asked.url, ...(await workersOf(asked.url, asked.coordinator, token, context.signal)) },
      ),
    );
    context.signal.throwIfAborted();
    const workers = answers.flatMap((answer) => answer.workers);
    if (terminal.json) for (const worker of workers) await terminal.printJson(worker);
    else await printTable(terminal, columns(context.now()), workers);
    const problems = answers.filter(({ problem }) => problem !== undefined);
    for (const { url, problem } of problems) terminal.tell(`coordinator ${url}: ${problem}`);
    if (problems.length === answers.length) throw new Failure('No coordinator told its workers.');
    if (!terminal.json && workers.length === 0) await terminal.printText(countText(0, 'worker'));
    return problems.length > 0 ? exitCode.partial : exitCode.done;
  });
}

interface WorkersAnswer {
  readonly workers: readonly JsonObject[];
  readonly problem?: string;
}

/** `GET /workers` (docs/coordinator-api.md). */
async function workersOf(
  url: string,
  coordinator: string,
  token: string | undefined,
  signal: AbortSignal,
): Promise<WorkersAnswer> {
  try {
    const response = await fetch(`${url}/workers`, {
      headers: { accept: 'application/json', ...(token !== undefined && { authorization: `Bearer ${token}` }) },
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    });
    if (!response.ok) return { workers: [], problem: `answered /workers with status ${response.status}` };
    const body: unknown = await response.json();
    const list = isJsonObject(body) ? body['workers'] : body;
    if (!Array.isArray(list)) return { workers: [], problem: 'answered /workers with something else' };
    return { workers: list.filter(isJsonObject).map((worker) => ({ ...worker, coordinator, url })) };
  } catch (error) {
    signal.throwIfAborted();
    return { workers: [], problem: error instanceof Error ? error.message : String(error) };
  }
}

function columns(nowMs: number): readonly Column<JsonObject>[] {
  return [
    { title: 'WORKER', value: ({ worker }) => text(worker) },
    { title: 'COORDINATOR', value: ({ coordinator }) => text(coordinator) },
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
