/** `groups`: failures of the tasks that match a query, by their cause. */

import type { FailureGroup } from '../../model/overview/answers.ts';
import { countText, timeText } from '../../model/readableNumbers.ts';
import { asking, judge } from '../asking.ts';
import type { Call, CallContext } from '../call.ts';
import type { ExitCode } from '../exitCode.ts';
import { needPast } from '../needPast.ts';
import type { OptionValues } from '../options.ts';
import { readLimitedQuery } from '../readQuery.ts';
import { type Column, printTable } from '../table.ts';
import { errorText } from '../taskTable.ts';
import { askOptions } from '../whereToAsk.ts';
import { defaultLimit } from './search.ts';

export const groupsCall: Call = {
  words: ['groups'],
  usage: "['QUERY'] [--limit N] [where to ask]",
  summary: 'failures by their cause, most frequent first',
  details: [
    'Of the tasks that match, within since: and until:. Asks the index, or the logs themselves.',
    'With --json: one {group, type, message, count, tasks, firstTs, lastTs, frame, frameAt} per line.',
    "Example: ingest-trace groups 'account:acme since:7d' --env production",
  ].join('\n'),
  options: {
    limit: { type: 'text', value: 'N', help: `groups at most (${defaultLimit}, unless the query says limit:)` },
    ...askOptions,
  },
  run: runGroups,
};

async function runGroups(values: OptionValues, context: CallContext): Promise<ExitCode> {
  const query = readLimitedQuery(values, context);
  const { terminal } = context;
  return asking(values, context, async ({ connection, mode, ask }) => {
    needPast(mode);
    const answer = await connection.overview.groups(query, mode, { ...ask, limit: defaultLimit });
    if (terminal.json) {
      for (const group of answer.groups) {
        const { type = null, message = null, frame = null, frameAt = null } = group;
        await terminal.printJson({ ...group, type, message, frame, frameAt });
      }
    } else {
      await printTable(terminal, columns, answer.groups);
      const least = answer.totalIs === 'atLeast' ? 'at least ' : '';
      const shown = answer.groups.length < answer.total ? `${answer.groups.length} of ` : '';
      await terminal.printText(terminal.style('dim', `${shown}${least}${countText(answer.total, 'failure group')}`));
    }
    return judge(terminal, answer.from);
  });
}

const columns: readonly Column<FailureGroup>[] = [
  { title: 'COUNT', value: ({ count }) => count.toLocaleString('en-US'), right: true },
  { title: 'TASKS', value: ({ tasks }) => tasks.toLocaleString('en-US'), right: true },
  { title: 'GROUP', value: ({ group }) => group, style: () => 'dim' },
  { title: 'FIRST', value: ({ firstTs }) => timeText(firstTs), style: () => 'dim' },
  { title: 'LAST', value: ({ lastTs }) => timeText(lastTs), style: () => 'dim' },
  { title: 'FRAME', value: ({ frame = '' }) => (frame.length > 80 ? `${frame.slice(0, 79)}…` : frame), shrinks: true },
  { title: 'ERROR', value: errorText, style: () => 'red' },
];
