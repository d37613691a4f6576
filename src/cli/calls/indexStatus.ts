/** `index status`: what an index holds, and what it had to reject. */

import { LogIndex } from '../../index/logIndex.ts';
import { openStore } from '../../store/openStore.ts';
import { openingLimits } from '../asking.ts';
import type { Call, CallContext } from '../call.ts';
import { closing } from '../closing.ts';
import { type ExitCode, exitCode } from '../exitCode.ts';
import { cacheFolder } from '../findEnvironment.ts';
import { bytesText, durationText, timeText } from '../../model/readableNumbers.ts';
import type { OptionValues } from '../options.ts';
import { plainLine } from '../../model/plainText.ts';
import { environmentOf, indexOptions } from '../whereToAsk.ts';
import { WrongUse } from '../wrongUse.ts';

export const indexStatusCall: Call = {
  words: ['index', 'status'],
  usage: '--index URL [--rejected]',
  summary: 'what an index holds, and what it had to reject',
  details:
    'With --json: {records, tasks, segments, bytes, oldestTs, newestTs, rejected, lagMs}, or one rejected line each.',
  options: {
    rejected: { type: 'flag', help: 'list the lines and objects that could not be read, with the reason' },
    ...indexOptions,
  },
  run: runIndexStatus,
};

async function runIndexStatus(values: OptionValues, context: CallContext): Promise<ExitCode> {
  values.noPositionals();
  const environment = await environmentOf(values, context);
  if (environment.index === undefined) {
    throw new WrongUse('Expected an index: --index URL, or an environment that has one.');
  }
  const store = openStore(environment.index, environment.s3);
  await using _store = closing(store);
  const index = await LogIndex.open({
    store,
    cacheDirectory: cacheFolder(context.env),
    ...openingLimits(context.env),
    nowMs: context.now,
  });
  await using _index = closing(index);
  if (values.flag('rejected')) await printRejected(index, context);
  else await printStatus(index, context);
  return exitCode.done;
}

async function printStatus(index: LogIndex, { terminal, signal }: CallContext): Promise<void> {
  const status = await index.status(signal);
  const { records, tasks, segments, bytes, oldestTs, newestTs, rejected, lagMs } = status;
  if (terminal.json) {
    await terminal.printJson({
      records,
      tasks,
      segments,
      bytes,
      oldestTs: oldestTs ?? null,
      newestTs: newestTs ?? null,
      rejected,
      lagMs,
    });
    return;
  }
  const facts: readonly (readonly [string, string])[] = [
    ['records', records.toLocaleString('en-US')],
    ['tasks', tasks.toLocaleString('en-US')],
    ['segments', `${segments.toLocaleString('en-US')} (${bytesText(bytes)})`],
    ['oldest', oldestTs === undefined ? '–' : timeText(oldestTs)],
    ['newest', newestTs === undefined ? '–' : timeText(newestTs)],
    ['rejected', rejected.toLocaleString('en-US')],
    ['up to date', `${durationText(lagMs)} ago`],
  ];
  for (const [name, value] of facts) await terminal.printText(`${terminal.style('dim', name.padEnd(11))} ${value}`);
}

async function printRejected(index: LogIndex, { terminal, signal }: CallContext): Promise<void> {
  for await (const { object, offsetBytes, reason, raw } of index.rejected(signal)) {
    if (terminal.json) await terminal.printJson({ reason, key: object, offset: offsetBytes, raw });
    else
      await terminal.printText(
        plainLine(`${object} at byte ${offsetBytes}: ${reason}${raw === '' ? '' : `: ${raw.slice(0, 200)}`}`),
      );
  }
}
