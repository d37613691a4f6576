/** Matching tasks over time, by status: at a width that suits the range they lie in. */

import type { HistogramAnswer } from '../model/overview/answers.ts';
import { histogramOf } from '../model/overview/histogramOf.ts';
import { bucketWidthSql, bucketWidthsMs } from '../model/overview/timeBuckets.ts';
import type { Query } from '../model/query/query.ts';
import { type TaskStatus, taskStatuses } from '../model/task.ts';
import { Parameters } from './compileQuery.ts';
import type { IndexSource, LogIndex } from './logIndex.ts';
import { type SegmentSet } from './segmentSet.ts';
import { matchedTasks, type Statement } from './statements.ts';

export interface TaskHistogram extends Pick<HistogramAnswer, 'buckets' | 'widthMs'> {
  readonly total: number;
  readonly source: IndexSource;
}

/** @throws IndexError; rejects with `signal.reason`. */
export async function taskHistogram(index: LogIndex, query: Query, signal?: AbortSignal): Promise<TaskHistogram> {
  return await index.read(signal, async ({ segments, source, query: ask }) => {
    const rows = segments.entries.length === 0 ? [] : await ask(histogramStatement(query, segments));
    const widthMs = Number(rows[0]?.['width'] ?? bucketWidthsMs[0]);
    const counts = rows.flatMap((row) => {
      const status = statusOf(row['status']);
      return status ? [{ number: Number(row['number']), status, count: Number(row['count']) }] : [];
    });
    const total = counts.reduce((sum, { count }) => sum + count, 0);
    return { ...histogramOf(counts, widthMs), total, source };
  });
}

function histogramStatement(query: Query, segments: SegmentSet): Statement {
  const parameters = new Parameters();
  const matched = matchedTasks(query, segments, parameters, { columns: [], select: ['f.status'] });
  const sql = `
    WITH ${matched}, chosen AS (SELECT ${bucketWidthSql('min(last_ms)', 'max(last_ms)')}::DOUBLE AS width FROM matched)
    SELECT floor(last_ms / width) AS number, status, any_value(width) AS width, count(*)::DOUBLE AS count
    FROM matched, chosen
    GROUP BY number, status`;
  return { sql, parameters };
}

function statusOf(value: unknown): TaskStatus | undefined {
  return taskStatuses.find((status) => status === value);
}
