/** `workers --at`: which worker ran what then, from the index or the logs themselves. */

import type { LaneSpan } from '../../model/overview/answers.ts';
import { parseQuery } from '../../model/query/parseQuery.ts';
import { quote } from '../../model/query/formatQuery.ts';
import { countText, timeText } from '../../model/readableNumbers.ts';
import { asking, judge } from '../asking.ts';
import type { CallContext } from '../call.ts';
import type { ExitCode } from '../exitCode.ts';
import { needPast } from '../needPast.ts';
import type { OptionValues } from '../options.ts';
import { readQuery } from '../readQuery.ts';
import { type Column, printTable } from '../table.ts';
import { WrongUse } from '../wrongUse.ts';
import { defaultLimit } from './search.ts';

/** Workers are as many as there are machines. */
const maxSpans = 100 * defaultLimit;

/** @param at as after `at:` in a query. */
export async function runWorkersAt(at: string, values: OptionValues, context: CallContext): Promise<ExitCode> {
  const moment = parseQuery(`at:${quote(at)}`, { nowMs: context.now() });
  if (moment.kind === 'problem' || moment.query.atMs === undefined) {
    const expected = 'expected a time: 15m, 2h or 7d ago, a date like 2026-11-23, or RFC 3339';
    throw new WrongUse(`--at: ${expected}, got ${JSON.stringify(at)}.`);
  }
  const query = { ...readQuery(values, context), atMs: moment.query.atMs };
  const { terminal } = context;
  return asking(values, context, async ({ connection, mode, ask }) => {
    needPast(mode);
    const { lanes, totalIs, from } = await connection.overview.lanes(query, mode, { ...ask, limit: maxSpans });
    const rows = lanes.flatMap(({ worker, spans }) => spans.map((span) => ({ worker, ...span })));
    if (terminal.json) {
      for (const { startMs, endMs, ...row } of rows) {
        await terminal.printJson({ ...row, startTs: startMs, endTs: endMs });
      }
    } else {
      await printTable(terminal, columns, rows);
      const least = totalIs === 'atLeast' ? 'at least ' : '';
      const found = `${countText(lanes.length, 'worker')} ran ${least}${countText(rows.length, 'attempt')}`;
      await terminal.printText(terminal.style('dim', `${found} at ${timeText(query.atMs)}`));
    }
    return judge(terminal, from);
  });
}

const columns: readonly Column<LaneSpan & { readonly worker: string }>[] = [
  { title: 'WORKER', value: ({ worker }) => worker, shrinks: true },
  { title: 'TASK', value: ({ task }) => task },
  { title: 'TRY', value: ({ attempt }) => String(attempt), right: true },
  { title: 'BECAME', value: ({ status }) => status },
  { title: 'FROM', value: ({ startMs }) => timeText(startMs), style: () => 'dim' },
  { title: 'TO', value: ({ endMs, isOpen }) => (isOpen ? '' : timeText(endMs)), style: () => 'dim' },
  { title: 'COORDINATOR', value: ({ coordinator = '' }) => coordinator, shrinks: true },
  {
    title: 'OF',
    value: ({ account, collection, source }) =>
      [account, collection, source].filter((part) => part !== undefined).join('/'),
  },
];
