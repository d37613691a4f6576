/** `search`: folded tasks that match a query, newest first. */

import type { AnswerSummary } from '../../model/answer.ts';
import { asking, judge } from '../asking.ts';
import type { Call, CallContext } from '../call.ts';
import type { ExitCode } from '../exitCode.ts';
import { bytesText, countText, durationText, timeText } from '../../model/readableNumbers.ts';
import { queryHint } from '../../model/query/queryHint.ts';
import type { OptionValues } from '../options.ts';
import { readLimitedQuery } from '../readQuery.ts';
import { printTable } from '../table.ts';
import { taskColumns } from '../taskTable.ts';
import { askOptions } from '../whereToAsk.ts';
import { WrongUse } from '../wrongUse.ts';
import { printFacets, printHistogram } from './searchCounts.ts';

export const defaultLimit = 100;

export const searchCall: Call = {
  words: ['search'],
  usage: "['QUERY'] [--limit N] [--group-by FIELD | --histogram] [where to ask]",
  summary: 'tasks that match a query, newest first',
  details: [
    'Asks what runs now and what ran then together, and falls back to the logs themselves when the index fails.',
    'With --json: one folded task per line, then {"summary":{total, totalIs, ms, from}}.',
    '--group-by and --histogram count instead, from the index or the logs: one {field, value, count} or',
    '{startTs, endTs, count, byStatus} per line, then the summary.',
    'Example: ingest-trace search \'status:failed account:acme since:2h "timed out"\' --env production',
  ].join('\n'),
  options: {
    limit: { type: 'text', value: 'N', help: `tasks at most (${defaultLimit}, unless the query says limit:)` },
    'group-by': { type: 'text', value: 'FIELD', help: 'count the tasks by the value of a field' },
    histogram: { type: 'flag', help: 'count the tasks over time, by status' },
    ...askOptions,
  },
  run: runSearch,
};

async function runSearch(values: OptionValues, context: CallContext): Promise<ExitCode> {
  const query = readLimitedQuery(values, context);
  const groupBy = values.text('group-by');
  if (groupBy === '') throw new WrongUse('--group-by expects a field, such as status.');
  if (groupBy !== undefined && values.flag('histogram'))
    throw new WrongUse('--group-by and --histogram exclude each other.');
  const { terminal } = context;
  return asking(values, context, async (place) => {
    const countedText = (summary: AnswerSummary) => summaryText(summary.total, summary);
    if (groupBy !== undefined) return printFacets(groupBy, query, place, terminal, countedText);
    if (values.flag('histogram')) return printHistogram(query, place, terminal, countedText);
    const { connection, mode, ask } = place;
    const answer = await connection.search(query, mode, { ...ask, limit: query.limit ?? defaultLimit });
    if (terminal.json) {
      for (const task of answer.tasks) await terminal.printJson(task);
      await terminal.printJson({ summary: answer.summary });
    } else {
      await printTable(terminal, taskColumns, answer.tasks);
      await terminal.printText(terminal.style('dim', summaryText(answer.tasks.length, answer.summary)));
    }
    const hint = answer.tasks.length === 0 ? queryHint(query) : undefined;
    if (hint !== undefined) terminal.tell(hint);
    return judge(terminal, answer.summary.from);
  });
}

const placeNames = { index: 'the index', direct: 'the logs', clickhouse: 'ClickHouse' } as const;

function summaryText(shown: number, { total, totalIs, ms, from }: AnswerSummary): string {
  const least = totalIs === 'atLeast' && total > 0 ? 'at least ' : '';
  // One that did not answer has no freshness.
  const live = from.filter(({ backend, freshness }) => backend === 'live' && freshness !== undefined).length;
  const places = [
    ...(live === 0 ? [] : [countText(live, 'coordinator')]),
    ...from.flatMap(({ backend, objects, bytes, freshness }) => {
      if (backend === 'live') return [];
      const upTo = freshness === undefined ? '' : `complete up to ${timeText(freshness)}; `;
      return `${placeNames[backend]} (${upTo}${countText(objects, 'object')}, ${bytesText(bytes)})`;
    }),
  ];
  const head = `${shown < total ? `${shown.toLocaleString('en-US')} of ` : ''}${least}${countText(total, 'task')}`;
  return `${head}, in ${durationText(ms)}${places.length === 0 ? '' : `, from ${places.join(', ')}`}`;
}
