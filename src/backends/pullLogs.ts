/** `logs pull`: the raw lines that match, streamed straight from the log root. */

import type { Provenance } from '../model/answer.ts';
import { matchRecord } from '../model/query/matchTask.ts';
import type { Query } from '../model/query/query.ts';
import type { FoldedTask } from '../model/task.ts';
import type { LogScan } from './logScan.ts';

export interface PulledLogs {
  /** Once. Each line is as it was written, without its line end. Rejects as a backend does. */
  readonly lines: AsyncIterable<string>;
  /** What was read so far; whole once `lines` has ended. */
  provenance(): Provenance;
}

/** `tasks` are asked for first where the query needs them, as records take some fields from their task. */
export function pullLogs(
  scan: LogScan,
  query: Query,
  tasks: () => Promise<ReadonlyMap<string, FoldedTask> | undefined>,
  remark: string | undefined,
): PulledLogs {
  return { lines: pull(scan, query, tasks), provenance: () => scan.provenance(remark) };
}

async function* pull(
  scan: LogScan,
  query: Query,
  tasksOf: () => Promise<ReadonlyMap<string, FoldedTask> | undefined>,
): AsyncGenerator<string> {
  const groups = await scan.list(query.time);
  const tasks = await tasksOf();
  let left = query.limit ?? Number.POSITIVE_INFINITY;
  for (const group of groups.toReversed()) {
    for (const info of group.objects.toReversed()) {
      for await (const lines of scan.lines(info)) {
        for (const line of lines) {
          if (line.kind !== 'record' || !matchRecord(query, line.record, tasks?.get(line.record.task ?? ''))) continue;
          yield line.raw;
          if (--left === 0) return;
        }
      }
    }
  }
}
