/** A folder of task logs with one failed task whose stack frame names a line of this repository, and its environment. */

import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** What the fixture's failed task says of itself. */
export interface FailedTaskFixture {
  readonly environment: string;
  readonly task: string;
  readonly errorMessage: string;
  /** Of the frame that threw, relative to the workspace. */
  readonly file: string;
  readonly line1: number;
  readonly lineText: string;
}

const file = 'src/model/assertNever.ts';

/**
 * Writes the logs and an `ingest-trace.json` into the workspace folder. The trace is as Node prints it for a program
 * built elsewhere, where the same file lies under another root.
 */
export async function writeTaskLogFixture(workspace: string): Promise<FailedTaskFixture> {
  const lines = (await readFile(join(workspace, file), 'utf8')).split('\n');
  const line1 = lines.findIndex((line) => line.includes('throw new')) + 1;
  const lineText = lines[line1 - 1];
  if (lineText === undefined || line1 === 0) throw new Error(`${file} throws nowhere: choose another file`);
  const fixture: FailedTaskFixture = {
    environment: 'fixture',
    task: 'task-that-failed',
    // Text that a careless view would take for a link to a command, markup or an icon.
    errorMessage: 'unexpected value [run](command:workbench.action.quit) <b>bold</b> $(flame)',
    file,
    line1,
    lineText,
  };
  const column1 = lineText.indexOf('new') + 1;
  const stack = [
    `Error: ${fixture.errorMessage}`,
    `    at assertNever (/builds/ingest/${file}:${line1}:${column1})`,
    '    at process.processTicksAndRejections (node:internal/process/task_queues:104:5)',
  ].join('\n');
  const whose = { task: fixture.task, account: 'acme', collection: 'orders', source: 'landing' };
  const start = Date.now() - 60_000;
  const at = (ms: number) => new Date(start + ms).toISOString();
  const records = [
    { ts: at(0), event: 'task.created', ...whose, coordinator: 'c-1' },
    { ts: at(10), event: 'attempt.started', ...whose, attempt: 1, worker: 'w-1' },
    {
      ts: at(20),
      level: 'error',
      event: 'attempt.failed',
      ...whose,
      attempt: 1,
      worker: 'w-1',
      error: { type: 'Error', message: fixture.errorMessage, stack },
    },
    { ts: at(30), level: 'error', event: 'task.failed', ...whose, coordinator: 'c-1' },
    { ts: at(40), event: 'task.created', ...whose, task: 'task-that-went-well' },
    { ts: at(50), event: 'task.succeeded', ...whose, task: 'task-that-went-well', docs: 7, bytes: 70 },
  ];
  const logs = join(workspace, 'fixture-logs');
  await mkdir(logs);
  await writeFile(join(logs, 'process-1.ndjson'), records.map((record) => `${JSON.stringify(record)}\n`).join(''));
  await writeFile(
    join(workspace, 'ingest-trace.json'),
    JSON.stringify({ environments: [{ name: fixture.environment, logs: pathToFileURL(logs).href }] }),
  );
  return fixture;
}
