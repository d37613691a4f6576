/** The help texts, made from the calls themselves. */

import type { Call } from './call.ts';
import type { OptionTable } from './options.ts';

export function commandHelp(calls: readonly Call[]): string {
  const names = calls.map(({ words }) => words.join(' '));
  const width = names.reduce((most, name) => Math.max(most, name.length), 0);
  return [
    'Usage: ingest-trace CALL [options]',
    '',
    'Traces the tasks of a distributed ingest system: which worker ran which task, now and months ago, what failed,',
    'and where in the source that was.',
    '',
    'Calls:',
    ...calls.map(({ summary }, index) => `  ${(names[index] ?? '').padEnd(width)}  ${summary}`),
    '',
    "'ingest-trace CALL --help' explains one; --json prints one JSON object per line; --version prints the version.",
    'Exit codes: 0 done, 1 failed, 2 wrong use, 3 a partial answer, 130 cancelled.',
  ].join('\n');
}

export function callHelp(call: Call, common: OptionTable): string {
  const rows = Object.entries({ ...call.options, ...common }).map(
    ([name, spec]) => [`--${name}${spec.value ? ` ${spec.value}` : ''}`, spec.help] as const,
  );
  const width = rows.reduce((most, [option]) => Math.max(most, option.length), 0);
  return [
    `Usage: ingest-trace ${call.words.join(' ')} ${call.usage}`.trimEnd(),
    '',
    call.summary,
    ...(call.details === undefined ? [] : ['', call.details]),
    '',
    'Options:',
    ...rows.map(([option, help]) => `  ${option.padEnd(width)}  ${help}`),
  ].join('\n');
}
