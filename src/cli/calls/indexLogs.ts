/** `index`: indexes what is new in the logs, once or again and again. */

import { type IndexProgress, indexLogs, type UnreadableObject } from '../../index/indexLogs.ts';
import { foundNoLogs } from '../../logs/foundNoLogs.ts';
import { FieldMapping } from '../../model/fieldMapping/fieldMapping.ts';
import type { IndexPassSummary } from '../../model/indexPass.ts';
import { retainProblem } from '../../model/parseEnvironments.ts';
import { plainLine } from '../../model/plainText.ts';
import { parseDuration } from '../../model/query/values.ts';
import { openStore } from '../../store/openStore.ts';
import { progressText } from '../asking.ts';
import type { Call, CallContext } from '../call.ts';
import { closing } from '../closing.ts';
import { type ExitCode, exitCode } from '../exitCode.ts';
import { bytesText, countText, durationText } from '../../model/readableNumbers.ts';
import { limitsOf } from '../limits.ts';
import { type KeepIndexedOptions, keepIndexed } from '../keepIndexed.ts';
import type { OptionValues } from '../options.ts';
import type { Terminal } from '../terminal.ts';
import { environmentOf, indexingOptions } from '../whereToAsk.ts';
import { WrongUse } from '../wrongUse.ts';

export const indexCall: Call = {
  words: ['index'],
  usage: '--logs URL --index URL [--fields PRESET|FILE] [--watch] [--retain 90d] [--retry]',
  summary: 'index what is new in the logs',
  details: [
    'Any number of indexers may run at once and be killed at any moment: no record is lost or counted twice.',
    'An object that cannot be read is tried a few times, then set aside and listed by index status --rejected.',
    'With --json the last line is {objects, records, rejected, segments, bytes, unread, ms}; with --watch there is one after',
    'each pass that found something.',
  ].join('\n'),
  options: {
    watch: { type: 'flag', help: 'go on until Ctrl-C' },
    retain: { type: 'text', value: 'DURATION', help: 'drop what is older from the index, e.g. 90d' },
    retry: { type: 'flag', help: 'try the objects that were set aside once more' },
    ...indexingOptions,
  },
  run: runIndex,
};

async function runIndex(values: OptionValues, context: CallContext): Promise<ExitCode> {
  values.noPositionals();
  const { terminal, signal } = context;
  const environment = await environmentOf(values, context);
  const { logs: logsUrl, index: indexUrl } = environment;
  if (logsUrl === undefined)
    throw new WrongUse('Expected the logs to read: --logs URL, or an environment that has them.');
  if (indexUrl === undefined)
    throw new WrongUse('Expected the index to write: --index URL, or an environment that has one.');
  const retain = values.text('retain') ?? environment.retain;
  const problem = retain === undefined ? undefined : retainProblem(retain);
  if (problem !== undefined) throw new WrongUse(`--retain: ${problem}.`);
  const retainMs = retain === undefined ? undefined : parseDuration(retain);
  const logs = openStore(logsUrl, environment.s3);
  await using _logs = closing(logs);
  const index = openStore(indexUrl, environment.s3);
  await using _index = closing(index);
  const options = {
    logs,
    index,
    ...(environment.fields !== undefined && { fields: new FieldMapping(environment.fields) }),
    signal,
    nowMs: context.now,
    ...(retainMs !== undefined && { retainMs }),
    ...memoryOf(context.env),
    retry: values.flag('retry'),
    onUnreadable: (object: UnreadableObject) => terminal.tell(unreadableText(object)),
    onProgress: (progress: IndexProgress) =>
      terminal.progress(`${progress.unit === 'objects' ? 'indexed ' : ''}${progressText(progress)}`),
  };
  if (!values.flag('watch')) {
    const summary = await indexLogs(options);
    await printPass(terminal, summary);
    if (await foundNoLogs(summary, logs, signal))
      terminal.tell(`There are no log objects at ${logs.url}: check the URL.`);
    return summary.unread > 0 ? exitCode.partial : exitCode.done;
  }
  terminal.tell(`Watching ${logs.url}. Ctrl-C ends it.`);
  // Passes follow each other while lines are printed: one after the other.
  let printed = Promise.resolve();
  const watch: KeepIndexedOptions = {
    ...options,
    mustStart: true,
    onPass: (summary) => {
      if (summary.objects > 0) printed = printed.then(() => printPass(terminal, summary));
    },
  };
  await keepIndexed(watch, (message) => terminal.tell(`${message.replace(/\.$/, '')}. It is tried again.`));
  await printed;
  return exitCode.done;
}

/** The disk that is used is bounded by the batches. */
function memoryOf(env: CallContext['env']): { readonly memoryLimitMb?: number } {
  const { memoryLimitMb } = limitsOf(env);
  return memoryLimitMb === undefined ? {} : { memoryLimitMb };
}

function unreadableText({ key, reason, tries, isSetAside }: UnreadableObject): string {
  const outlook = isSetAside ? `set aside after ${countText(tries, 'try', 'tries')}` : 'it is tried again';
  return plainLine(`${key} could not be read: ${reason.replace(/\.$/, '')}; ${outlook}.`);
}

async function printPass(terminal: Terminal, summary: IndexPassSummary): Promise<void> {
  const { objects, records, rejected, segments, bytes, unread, ms } = summary;
  if (terminal.json) return terminal.printJson({ objects, records, rejected, segments, bytes, unread, ms });
  const rejects = rejected === 0 ? '' : `, ${countText(rejected, 'line')} rejected`;
  await terminal.printText(
    `Indexed ${countText(records, 'record')} of ${countText(objects, 'object')} (${bytesText(bytes)})${rejects}, ` +
      `into ${countText(segments, 'segment')}, in ${durationText(ms)}.`,
  );
}
