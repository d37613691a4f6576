/** `fields`: what the records that match a query hold. */

import type { FieldInfo } from '../../model/overview/answers.ts';
import { countText } from '../../model/readableNumbers.ts';
import { asking, judge } from '../asking.ts';
import type { Call, CallContext } from '../call.ts';
import type { ExitCode } from '../exitCode.ts';
import { needPast } from '../needPast.ts';
import type { OptionValues } from '../options.ts';
import { readLimitedQuery } from '../readQuery.ts';
import { type Column, printTable } from '../table.ts';
import { askOptions } from '../whereToAsk.ts';

const defaultPaths = 1000;

export const fieldsCall: Call = {
  words: ['fields'],
  usage: "['QUERY'] [--limit N] [where to ask]",
  summary: 'every path of the records that match, with types, counts and examples',
  details: [
    'Each path can be asked for in a query: http.status:503. Asks the index, or the logs themselves.',
    'With --json: one {path, types, count, examples, typeCounts} per line.',
  ].join('\n'),
  options: {
    limit: { type: 'text', value: 'N', help: `paths at most (${defaultPaths}, unless the query says limit:)` },
    ...askOptions,
  },
  run: runFields,
};

async function runFields(values: OptionValues, context: CallContext): Promise<ExitCode> {
  const query = readLimitedQuery(values, context);
  const { terminal } = context;
  return asking(values, context, async ({ connection, mode, ask }) => {
    needPast(mode);
    const { fields, total, totalIs, records, from } = await connection.overview.fields(query, mode, {
      ...ask,
      limit: defaultPaths,
    });
    if (terminal.json) for (const field of fields) await terminal.printJson(field);
    else {
      await printTable(terminal, columns, fields);
      const shown = fields.length < total ? `${fields.length} of ` : '';
      const least = totalIs === 'atLeast' ? 'at least ' : '';
      const found = `${shown}${least}${countText(total, 'path')} in ${countText(records, 'record')}`;
      await terminal.printText(terminal.style('dim', found));
    }
    return judge(terminal, from);
  });
}

const columns: readonly Column<FieldInfo>[] = [
  { title: 'COUNT', value: ({ count }) => count.toLocaleString('en-US'), right: true },
  { title: 'PATH', value: ({ path }) => path },
  { title: 'TYPES', value: ({ types }) => types.join(', '), style: () => 'dim' },
  { title: 'EXAMPLES', value: ({ examples }) => examples.map((value) => JSON.stringify(value)).join('  ') },
];
