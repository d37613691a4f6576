/** `search`: folded tasks that match a query, newest first. */

import type { AnswerSummary } from '../../model/answer.ts';
import { asking, judge } from '../asking.ts';
import type { Call, CallContext } from '../call.ts';
import type { ExitCode } from '../exitCode.ts';
import { bytesText, countText, durationText } from '../../model/readableNumbers.ts';
import type { OptionValues } from '../options.ts';
import { readQuery } from '../readQuery.ts';
import { printTable } from '../table.ts';
import { taskColumns } from '../taskTable.ts';
import { askOptions } from '../whereToAsk.ts';

export const defaultLimit = 100;
export const largestLimit = 100_000;

export const searchCall: Call = {
  words: ['search'],
  usage: "['QUERY'] [--limit N] [where to ask]",
  summary: 'tasks that match a query, newest first',
  details: [
    'Asks what runs now and what ran then together, and falls back to the logs themselves when the index fails.',
    'With --json: one folded task per line, then {"summary":{total, totalIs, ms, from}}.',
    'Example: ingest-trace search \'status:failed account:acme since:2h "timed out"\' --env production',
  ].join('\n'),
  options: {
    limit: { type: 'text', value: 'N', help: `tasks at most (${defaultLimit}, unless the query says limit:)` },
    ...askOptions,
  },
  run: runSearch,
};

async function runSearch(values: OptionValues, context: CallContext): Promise<ExitCode> {
  const limit = values.integer('limit', { min: 1, max: largestLimit });
  const written = readQuery(values, context);
  const query = limit === undefined ? written : { ...written, limit };
  const { terminal } = context;
  return asking(values, context, async ({ connection, mode, ask }) => {
    const answer = await connection.search(query, mode, { ...ask, limit: query.limit ?? defaultLimit });
    if (terminal.json) {
      for (const task of answer.tasks) await terminal.printJson(task);
      await terminal.printJson({ summary: answer.summary });
    } else {
      await printTable(terminal, taskColumns, answer.tasks);
      await terminal.printText(terminal.style('dim', summaryText(answer.tasks.length, answer.summary)));
    }
    return judge(terminal, answer.summary.from);
  });
}

const placeNames = { index: 'the index', direct: 'the logs', clickhouse: 'ClickHouse' } as const;

function summaryText(shown: number, { total, totalIs, ms, from }: AnswerSummary): string {
  const least = totalIs === 'atLeast' ? 'at least ' : '';
  // One that did not answer has no freshness.
  const live = from.filter(({ backend, freshness }) => backend === 'live' && freshness !== undefined).length;
  const places = [
    ...(live === 0 ? [] : [countText(live, 'coordinator')]),
    ...from.flatMap(({ backend, objects, bytes }) =>
      backend === 'live' ? [] : `${placeNames[backend]} (${countText(objects, 'object')}, ${bytesText(bytes)})`,
    ),
  ];
  const head = `${shown < total ? `${shown.toLocaleString('en-US')} of ` : ''}${least}${countText(total, 'task')}`;
  return `${head}, in ${durationText(ms)}${places.length === 0 ? '' : `, from ${places.join(', ')}`}`;
}
