/** `search --group-by` and `search --histogram`: the tasks that match, counted rather than listed. */

import type { AnswerSummary } from '../../model/answer.ts';
import type { HistogramBucket, ValueCount } from '../../model/overview/answers.ts';
import type { Query } from '../../model/query/query.ts';
import { countText, timeText } from '../../model/readableNumbers.ts';
import { type TaskStatus, taskStatuses } from '../../model/task.ts';
import { type Asking, judge } from '../asking.ts';
import type { ExitCode } from '../exitCode.ts';
import { needPast } from '../needPast.ts';
import { type Column, printTable } from '../table.ts';
import { statusStyle } from '../taskTable.ts';
import type { Terminal } from '../terminal.ts';

const defaultValues = 20;
const barColumns = 40;

type SummaryText = (summary: AnswerSummary) => string;

/** Matching tasks by the value of a field, then those that are not listed. */
export async function printFacets(
  field: string,
  query: Query,
  { connection, mode, ask }: Asking,
  terminal: Terminal,
  summaryText: SummaryText,
): Promise<ExitCode> {
  needPast(mode);
  const limit = query.limit ?? defaultValues;
  const answer = await connection.overview.facets(query, field, mode, { ...ask, limit });
  const { values, rest, missing, summary } = answer;
  if (terminal.json) {
    for (const { value, count } of values) await terminal.printJson({ field: answer.field, value, count });
    await terminal.printJson({ summary: { ...summary, missing, rest } });
    return judge(terminal, summary.from);
  }
  const most = values[0]?.count ?? 0;
  const columns: readonly Column<ValueCount>[] = [
    { title: 'TASKS', value: ({ count }) => count.toLocaleString('en-US'), right: true },
    { title: answer.field.toUpperCase(), value: ({ value }) => String(value) },
    { title: '', value: ({ count }) => bar(count, most), style: () => 'cyan' },
  ];
  await printTable(terminal, columns, values);
  if (rest.values > 0)
    await terminal.printText(`${rest.count.toLocaleString('en-US')} of ${countText(rest.values, 'other value')}`);
  if (missing > 0) await terminal.printText(`${countText(missing, 'task')} without`);
  await terminal.printText(terminal.style('dim', summaryText(summary)));
  return judge(terminal, summary.from);
}

/** Matching tasks by when they were last heard of, and by status. */
export async function printHistogram(
  query: Query,
  { connection, mode, ask }: Asking,
  terminal: Terminal,
  summaryText: SummaryText,
): Promise<ExitCode> {
  needPast(mode);
  const { buckets, widthMs, summary } = await connection.overview.histogram(query, mode, ask);
  if (terminal.json) {
    for (const { startMs, endMs, count, byStatus } of buckets) {
      await terminal.printJson({ startTs: startMs, endTs: endMs, count, byStatus });
    }
    await terminal.printJson({ summary: { ...summary, widthMs } });
    return judge(terminal, summary.from);
  }
  const most = buckets.reduce((greatest, { count }) => Math.max(greatest, count), 0);
  const columns: readonly Column<HistogramBucket>[] = [
    { title: 'FROM', value: ({ startMs }) => timeText(startMs), style: () => 'dim' },
    { title: 'TASKS', value: ({ count }) => countOrNothing(count), right: true },
    ...taskStatuses.map(statusColumn),
    { title: '', value: ({ count }) => bar(count, most), style: () => 'cyan' },
  ];
  await printTable(terminal, columns, buckets);
  await terminal.printText(terminal.style('dim', summaryText(summary)));
  return judge(terminal, summary.from);
}

/** A status that no bucket has is left out, as every empty column is. */
function statusColumn(status: TaskStatus): Column<HistogramBucket> {
  return {
    title: status.toUpperCase(),
    value: ({ byStatus }) => countOrNothing(byStatus[status] ?? 0),
    style: () => statusStyle(status),
    right: true,
  };
}

function countOrNothing(count: number): string {
  return count === 0 ? '' : count.toLocaleString('en-US');
}

function bar(count: number, most: number): string {
  return most === 0 ? '' : '█'.repeat(Math.ceil((count / most) * barColumns));
}
