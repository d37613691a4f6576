/** `trace`: the stack traces of a text, each frame with its file and line in the workspace. */

import { createReadStream } from 'node:fs';
import { resolve } from 'node:path';
import { addAbortSignal, Readable } from 'node:stream';
import { traceReport } from '../../stacktrace/traceReport.ts';
import type { Call, CallContext } from '../call.ts';
import { type ExitCode, exitCode } from '../exitCode.ts';
import { bytesText } from '../../model/readableNumbers.ts';
import type { OptionValues } from '../options.ts';
import { openRevision } from '../gitRevision.ts';
import { openWorkspace, printTraces, workspaceOptions, workspaceThen } from '../workspace.ts';
import { Failure, WrongUse } from '../wrongUse.ts';

export const traceCall: Call = {
  words: ['trace'],
  usage: '[FILE|-] [--workspace DIR] [--map FROM=TO…] [--source-maps DIR] [--commit SHA]',
  summary: 'the stack traces of a text, each frame with its file and line in the workspace',
  details: [
    'Reads FILE, or what is piped in. With --commit frames are looked for in that commit, and their lines followed to the',
    'files of today. With --json one frame per line, those that fit no file with resolved null and why.',
  ].join('\n'),
  options: {
    ...workspaceOptions,
    commit: { type: 'text', value: 'SHA', help: 'the commit that ran, where it is known' },
  },
  run: runTrace,
};

/** A trace is text that someone wants to read; what is longer is a log, and `logs pull` finds what is of interest. */
const maxBytes = 64_000_000;

async function runTrace(values: OptionValues, context: CallContext): Promise<ExitCode> {
  const [file = '-', unexpected] = values.positionals;
  if (unexpected !== undefined) throw new WrongUse(`Expected one file, got ${JSON.stringify(unexpected)} too.`);
  const { terminal, cwd, signal } = context;
  const current = await openWorkspace(values, context);
  const commit = values.text('commit');
  const folders = current.files.map(({ root }) => root);
  const revision = commit === undefined ? undefined : await openRevision(folders, commit, context);
  const workspace = revision ? workspaceThen(current, revision) : current;
  if (file === '-' && 'isTTY' in context.stdin && context.stdin.isTTY)
    terminal.tell('Paste a stack trace; Ctrl-D on a line of its own ends it.');
  const stdin = context.stdin instanceof Readable ? addAbortSignal(signal, context.stdin) : context.stdin;
  const text = await readText(
    file === '-' ? stdin : openFile(resolve(cwd, file), signal),
    file === '-' ? 'what is piped in' : file,
    signal,
  );
  if (!terminal.json) {
    const traces = await printTraces(terminal, text, workspace, cwd, revision);
    if (traces === 0) terminal.tell('There is no stack trace in it.');
    return exitCode.done;
  }
  for await (const frame of traceReport(text, workspace, revision)) await terminal.printJson(frame);
  return exitCode.done;
}

/** What a person calls it. */
const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EISDIR: 'it is a folder',
  EACCES: 'it may not be opened',
};

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
      throw new Failure(`${name} cannot be read: ${reasons[String(error.code)] ?? error.message}.`, { cause: error });
    }
    throw error;
  }
  return text + decoder.decode();
}
