/** `logs pull`: raw matching lines straight from the log root, with no index. */

import { open, realpath, rename, rm, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { PulledLogs } from '../../backends/pullLogs.ts';
import { asking, judge } from '../asking.ts';
import type { Call, CallContext } from '../call.ts';
import { type ExitCode, exitCode } from '../exitCode.ts';
import { bytesText, countText } from '../../model/readableNumbers.ts';
import type { OptionValues } from '../options.ts';
import { plainBlock } from '../../model/plainText.ts';
import { readQuery } from '../readQuery.ts';
import { logsOptions } from '../whereToAsk.ts';
import { Failure, WrongUse } from '../wrongUse.ts';

export const logsPullCall: Call = {
  words: ['logs', 'pull'],
  usage: "['QUERY'] --logs URL [--out FILE]",
  summary: 'raw matching lines straight from the log root, with no index',
  details: [
    'A record matches by itself; account, collection, source, coordinator and worker count from its task where it has none.',
    'Prints the lines as they were written, JSON each. With --out, --json prints {lines, bytes, out}.',
  ].join('\n'),
  options: {
    out: { type: 'text', value: 'FILE', help: 'write the lines into this file, which appears whole when all is done' },
    ...logsOptions,
  },
  run: runLogsPull,
};

async function runLogsPull(values: OptionValues, context: CallContext): Promise<ExitCode> {
  const query = readQuery(values, context);
  const out = values.text('out');
  const { terminal, cwd } = context;
  return asking(values, context, async ({ environment, connection, ask }) => {
    if (environment.logs === undefined) {
      throw new WrongUse('Expected the logs to read: --logs URL, or an environment that has them.');
    }
    const pulled = await connection.pullLogs(query, ask);
    if (out === undefined) {
      for await (const line of pulled.lines) await terminal.printText(terminal.isTerminal ? plainBlock(line) : line);
    } else {
      const path = await targetOf(resolve(cwd, out));
      const { lines, bytes } = await writeLines(path, pulled, context.signal);
      if (terminal.json) await terminal.printJson({ lines, bytes, out: path });
      else terminal.tell(`Wrote ${countText(lines, 'line')} (${bytesText(bytes)}) to ${path}.`);
    }
    context.signal.throwIfAborted();
    const provenance = pulled.provenance();
    return provenance.partial ? judge(terminal, [provenance]) : exitCode.done;
  });
}

/**
 * The file to write, which a link may lead to.
 * @throws WrongUse for what is there and no file: a device or a folder must not be replaced by one.
 */
async function targetOf(path: string): Promise<string> {
  // What cannot be looked at cannot be written either, and then that says why.
  const info = await stat(path).catch(() => undefined);
  if (!info) return path;
  if (!info.isFile()) throw new WrongUse(`--out: ${path} is no regular file. Without --out the lines go to stdout.`);
  return realpath(path);
}

function cannotWrite(path: string, error: unknown): Failure {
  return new Failure(`${path} cannot be written: ${error instanceof Error ? error.message : String(error)}`, {
    cause: error,
  });
}

/** So many characters are gathered before they are written. */
const chunkLength = 1 << 16;

async function writeLines(
  path: string,
  { lines }: PulledLogs,
  signal: AbortSignal,
): Promise<{ readonly lines: number; readonly bytes: number }> {
  const partial = `${path}.${process.pid}.partial`;
  const file = await open(partial, 'wx').catch((error: unknown) => {
    throw cannotWrite(path, error);
  });
  let [count, bytes] = [0, 0];
  try {
    let chunk = '';
    const flush = async () => {
      const data = Buffer.from(chunk);
      await file.writeFile(data).catch((error: unknown) => {
        throw cannotWrite(path, error);
      });
      bytes += data.byteLength;
      chunk = '';
    };
    for await (const line of lines) {
      count++;
      chunk += `${line}\n`;
      if (chunk.length >= chunkLength) await flush();
    }
    await flush();
    signal.throwIfAborted();
    await file.close();
    await rename(partial, path).catch((error: unknown) => {
      throw cannotWrite(path, error);
    });
    return { lines: count, bytes };
  } catch (error) {
    await file.close();
    await rm(partial, { force: true });
    throw error;
  }
}
