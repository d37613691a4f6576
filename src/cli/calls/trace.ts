/** `trace`: the stack traces of a text, each frame with its file and line in the workspace. */

import { createReadStream } from 'node:fs';
import { resolve } from 'node:path';
import { addAbortSignal, Readable } from 'node:stream';
import { traceReport } from '../../stacktrace/traceReport.ts';
import type { Call, CallContext } from '../call.ts';
import { type ExitCode, exitCode } from '../exitCode.ts';
import { bytesText } from '../../model/readableNumbers.ts';
import type { OptionValues } from '../options.ts';
import { openWorkspace, printTraces, workspaceOptions } from '../workspace.ts';
import { Failure, WrongUse } from '../wrongUse.ts';

export const traceCall: Call = {
  words: ['trace'],
  usage: '[FILE|-] [--workspace DIR] [--map FROM=TO…] [--source-maps DIR]',
  summary: 'the stack traces of a text, each frame with its file and line in the workspace',
  details:
    'Reads FILE, or what is piped in. With --json one frame per line, those that fit no file with resolved null and why.',
  options: workspaceOptions,
  run: runTrace,
};

/** A trace is text that someone wants to read; what is longer is a log, and `logs pull` finds what is of interest. */
const maxBytes = 64_000_000;

async function runTrace(values: OptionValues, context: CallContext): Promise<ExitCode> {
  const [file = '-', unexpected] = values.positionals;
  if (unexpected !== undefined) throw new WrongUse(`Expected one file, got ${JSON.stringify(unexpected)} too.`);
  const { terminal, cwd, signal } = context;
  const workspace = await openWorkspace(values, context);
  const stdin = context.stdin instanceof Readable ? addAbortSignal(signal, context.stdin) : context.stdin;
  const text = await readText(file === '-' ? stdin : openFile(resolve(cwd, file), signal), file, signal);
  if (!terminal.json) {
    if ((await printTraces(terminal, text, workspace, cwd)) === 0) terminal.tell('There is no stack trace in it.');
    return exitCode.done;
  }
  for await (const frame of traceReport(text, workspace)) await terminal.printJson(frame);
  return exitCode.done;
}

function openFile(path: string, signal: AbortSignal): AsyncIterable<Uint8Array> {
  return createReadStream(path, { signal });
}

async function readText(chunks: AsyncIterable<Uint8Array>, name: string, signal: AbortSignal): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  let bytes = 0;
  try {
    for await (const chunk of chunks) {
      signal.throwIfAborted();
      bytes += chunk.byteLength;
      if (bytes > maxBytes)
        throw new Failure(`${name} is longer than ${bytesText(maxBytes)}: cut out the part to read.`);
      text += decoder.decode(chunk, { stream: true });
    }
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof Error && 'code' in error) {
      throw new Failure(`${name} cannot be read: ${error.message}`, { cause: error });
    }
    throw error;
  }
  return text + decoder.decode();
}
