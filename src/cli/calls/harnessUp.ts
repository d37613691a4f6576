/** `harness up`: a small but real ingest system on this machine, and an indexer that keeps its index fresh. */

import { join, resolve } from 'node:path';
import { FaultsError } from '../../harness/faults.ts';
import { HarnessOptionsError, type RunningHarness, startHarness } from '../../harness/startHarness.ts';
import { indexLogs } from '../../index/indexLogs.ts';
import { openStore } from '../../store/openStore.ts';
import type { Call, CallContext } from '../call.ts';
import { closing } from '../closing.ts';
import { type ExitCode, exitCode } from '../exitCode.ts';
import { bytesText, countText, durationText } from '../../model/readableNumbers.ts';
import { keepIndexed } from '../keepIndexed.ts';
import type { OptionValues } from '../options.ts';
import { s3Of, s3Options, storeUrl } from '../whereToAsk.ts';
import { WrongUse } from '../wrongUse.ts';

export const harnessUpCall: Call = {
  words: ['harness', 'up'],
  usage: '--store URL [--coordinators N] [--workers N] [--sources FILE] [--faults none|demo|FILE] [--once]',
  summary: 'run a small but real ingest system on this machine',
  details: [
    'Coordinators and workers are processes of their own; everything they read and write is in the store.',
    'With --json: first {coordinators, store, logs}; with --once a last line {tasks, succeeded, failed, docs, bytes, ms}.',
  ].join('\n'),
  options: {
    store: { type: 'text', value: 'URL', help: 'file:///… or s3://bucket/prefix' },
    coordinators: { type: 'text', value: 'N', help: 'coordinators (2)' },
    workers: { type: 'text', value: 'N', help: 'workers (3)' },
    sources: {
      type: 'text',
      value: 'FILE',
      help: 'sources to ingest; without it what lies under landing/ in the store',
    },
    faults: { type: 'text', value: 'WHAT', help: 'none, demo, or a file of faults (none)' },
    once: { type: 'flag', help: 'end when all sources are ingested and indexed' },
    ...s3Options,
  },
  run: runHarness,
};

async function runHarness(values: OptionValues, context: CallContext): Promise<ExitCode> {
  values.noPositionals();
  const { terminal, signal, cwd } = context;
  const url = storeUrl(values, 'store', cwd);
  if (url === undefined) throw new WrongUse('--store is missing: expected file:///… or s3://bucket/prefix.');
  const s3 = s3Of(values);
  const sources = values.text('sources');
  const faults = values.text('faults') ?? 'none';
  const once = values.flag('once');
  // The bundles of coordinator and worker, and the sample data, lie beside this one.
  const beside = (name: string) => join(import.meta.dirname, name);
  await using harness = stopping(
    await startHarness({
      storeUrl: url,
      ...(s3 && { s3 }),
      coordinators: values.integer('coordinators', { min: 1, max: 64 }) ?? 2,
      workers: values.integer('workers', { min: 1, max: 256 }) ?? 3,
      ...(sources !== undefined && { sources: resolve(cwd, sources) }),
      faults: faults === 'none' || faults === 'demo' ? faults : resolve(cwd, faults),
      once,
      samplesDirectory: beside('samples'),
      entryPoints: { coordinator: beside('coordinator.mjs'), worker: beside('worker.mjs') },
      signal,
      log: (message) => terminal.tell(message),
    }).catch((error: unknown) => {
      const isWrongUse = error instanceof HarnessOptionsError || error instanceof FaultsError;
      throw isWrongUse ? new WrongUse(error.message, { cause: error }) : error;
    }),
  );
  const { coordinators, store, logs } = harness.running;
  if (terminal.json) await terminal.printJson({ coordinators, store, logs });
  else {
    await terminal.printText(`Coordinators: ${coordinators.join(' ')}`);
    await terminal.printText(`Store:        ${store}`);
    await terminal.printText(`Logs:         ${logs}`);
    await terminal.printText(
      `Ask:          ingest-trace search --coordinator ${coordinators[0] ?? ''} --logs ${logs} --index ${indexUrlOf(store)}`,
    );
  }
  const logStore = openStore(logs, s3);
  await using _logs = closing(logStore);
  const indexStore = openStore(indexUrlOf(store), s3);
  await using _index = closing(indexStore);
  const indexing = { logs: logStore, index: indexStore, nowMs: context.now };
  const ending = new AbortController();
  const indexed = keepIndexed({ ...indexing, signal: AbortSignal.any([signal, ending.signal]) }, (message) =>
    terminal.tell(`Indexing: ${message}`),
  );
  try {
    const summary = await harness.running.done;
    ending.abort();
    await indexed;
    signal.throwIfAborted();
    // What the processes shipped while they ended.
    const lastPass = await indexLogs({ ...indexing, signal }).then(
      () => undefined,
      (error: unknown) => ({ error }),
    );
    signal.throwIfAborted();
    if (terminal.json) {
      const { tasks, succeeded, failed, docs, bytes, ms } = summary;
      await terminal.printJson({ tasks, succeeded, failed, docs, bytes, ms });
    } else {
      await terminal.printText(
        `${countText(summary.tasks, 'task')}: ${summary.succeeded} succeeded, ${summary.failed} failed; ` +
          `${countText(summary.docs, 'document')} from ${bytesText(summary.bytes)}, in ${durationText(summary.ms)}.`,
      );
    }
    // What was ingested stands, and is told, whatever became of the index.
    if (lastPass) throw lastPass.error;
    return exitCode.done;
  } finally {
    ending.abort();
    await indexed;
  }
}

function indexUrlOf(store: string): string {
  return `${store.replace(/\/$/, '')}/index`;
}

function stopping(running: RunningHarness): AsyncDisposable & { readonly running: RunningHarness } {
  return { running, [Symbol.asyncDispose]: () => running.stop() };
}
