/** `records`: the log records themselves that match a query, newest first. */

import type { LogRecord } from '../../model/record.ts';
import { asking, judge } from '../asking.ts';
import type { Call, CallContext } from '../call.ts';
import type { ExitCode } from '../exitCode.ts';
import { countText } from '../../model/readableNumbers.ts';
import type { OptionValues } from '../options.ts';
import { readLimitedQuery } from '../readQuery.ts';
import { recordColumns, recordLine } from '../recordTable.ts';
import { printTable } from '../table.ts';
import { askOptions } from '../whereToAsk.ts';
import { WrongUse } from '../wrongUse.ts';
import { defaultLimit } from './search.ts';

export const recordsCall: Call = {
  words: ['records'],
  usage: "['QUERY'] [--limit N] [where to ask]",
  summary: 'log records that match a query, newest first',
  details:
    'With --json: one record per line, as it was logged, plus _group (failure group) and _origin (log object and offset).',
  options: {
    limit: { type: 'text', value: 'N', help: `records at most (${defaultLimit}, unless the query says limit:)` },
    ...askOptions,
  },
  run: runRecords,
};

async function runRecords(values: OptionValues, context: CallContext): Promise<ExitCode> {
  const query = readLimitedQuery(values, context);
  const { terminal } = context;
  return asking(values, context, async ({ connection, mode, ask }) => {
    if (mode === 'live') {
      throw new WrongUse('Expected the index or the logs, as coordinators hold no records: --index URL or --logs URL.');
    }
    const answer = await connection.records(query, mode, { ...ask, limit: query.limit ?? defaultLimit });
    if (terminal.json) {
      for (const record of answer.records) await terminal.printJson(recordLine(record));
    } else {
      await printTable<LogRecord>(terminal, recordColumns, answer.records);
      const found = countText(answer.records.length, 'record');
      const more = answer.totalIs === 'atLeast' ? '; there are more' : '';
      await terminal.printText(terminal.style('dim', found + more));
    }
    return judge(terminal, answer.from);
  });
}
