/** Runs one command line: finds its call, reads its options, runs it, and says in words and an exit code how it ended. */

import { version } from '../model/version.ts';
import type { Call, CallContext } from './call.ts';
import { calls } from './calls.ts';
import { type ExitCode, exitCode } from './exitCode.ts';
import { callHelp, commandHelp } from './help.ts';
import { type OptionTable, readOptions } from './options.ts';
import { plainBlock } from '../model/plainText.ts';
import { QueryRefused } from './readQuery.ts';
import { type OutputStream, Terminal } from './terminal.ts';
import { Failure, WrongUse } from './wrongUse.ts';

export interface ProcessContext extends Omit<CallContext, 'terminal'> {
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
}

/** Why `signal` aborts. */
export const stopReasons = {
  cancelled: new DOMException('Cancelled.', 'AbortError'),
  readerGone: new DOMException('Nobody reads the output any more.', 'AbortError'),
} as const;

/** Every call takes these, before its words too. */
const commonOptions = {
  json: { type: 'flag', help: 'print one JSON object per line' },
  help: { type: 'flag', help: 'print this help' },
} as const satisfies OptionTable;

/** Never rejects for what a user can cause; `context.signal` ends it early. */
export async function runCommand(args: readonly string[], context: ProcessContext): Promise<ExitCode> {
  const { stdout, stderr, signal } = context;
  const leading = args.findIndex((argument) => !['--json', '--help', '-h', '--version'].includes(argument));
  const flags = leading === -1 ? args : args.slice(0, leading);
  // As other commands have it: `help` is `--help`, `help search` is `search --help`.
  const isHelp = leading !== -1 && args[leading] === 'help';
  if (isHelp) return runCommand([...flags, '--help', ...args.slice(leading + 1)], context);
  const rest = leading === -1 ? [] : args.slice(leading);
  const terminal = new Terminal({ stdout, stderr, json: false });
  if (flags.includes('--version')) {
    await terminal.printText(version);
    return exitCode.done;
  }
  if (rest.length === 0) {
    if (flags.includes('--help') || flags.includes('-h')) {
      await terminal.printText(commandHelp(calls));
      return exitCode.done;
    }
    terminal.tell(commandHelp(calls));
    return exitCode.wrongUse;
  }
  const call = findCall(rest);
  if (!call) {
    const begun = calls.filter(({ words }) => words[0] === rest[0]);
    const known = (begun.length > 0 ? begun : calls).map(({ words }) => words.join(' ')).join(', ');
    const problem =
      begun.length > 0 ? `${rest[0]} needs a further word` : `there is no call ${JSON.stringify(rest[0])}`;
    terminal.tell(`ingest-trace: ${problem}. Known calls: ${known}.`);
    return exitCode.wrongUse;
  }
  const own = [...flags, ...rest.slice(call.words.length)].map((argument) => (argument === '-h' ? '--help' : argument));
  return runCall(call, own, context, signal);
}

/** The call with the most words that the arguments begin with. */
function findCall(args: readonly string[]): Call | undefined {
  const matching = calls.filter(({ words }) => words.every((word, index) => args[index] === word));
  return matching.sort((a, b) => b.words.length - a.words.length)[0];
}

async function runCall(
  call: Call,
  args: readonly string[],
  { stdout, stderr, ...context }: ProcessContext,
  signal: AbortSignal,
): Promise<ExitCode> {
  const name = `ingest-trace ${call.words.join(' ')}`;
  let terminal = new Terminal({ stdout, stderr, json: false });
  try {
    const values = readOptions(args, { ...call.options, ...commonOptions });
    if (values.flag('help')) {
      await terminal.printText(callHelp(call, commonOptions));
      return exitCode.done;
    }
    terminal = new Terminal({ stdout, stderr, json: values.flag('json') });
    const code = await call.run(values, { ...context, terminal });
    return signal.aborted ? codeOfStop(signal) : code;
  } catch (error) {
    if (signal.aborted) return codeOfStop(signal);
    if (error instanceof QueryRefused) {
      terminal.tell(`${name}: the query has a mistake in column ${error.problem.column}.\n${error.pointed()}`);
      return exitCode.wrongUse;
    }
    if (error instanceof WrongUse) {
      terminal.tell(`${name}: ${error.message}\nUsage: ${name} ${call.usage}\n'${name} --help' explains it.`);
      return exitCode.wrongUse;
    }
    terminal.tell(`${name}: ${wordsOf(error)}`);
    return exitCode.failed;
  } finally {
    terminal.clearProgress();
  }
}

function codeOfStop(signal: AbortSignal): ExitCode {
  return signal.reason === stopReasons.readerGone ? exitCode.done : exitCode.cancelled;
}

/** An error with a code is one that was foreseen, with words for people; of any other the stack is what helps. */
function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const foreseen = error instanceof Failure || 'code' in error;
  return plainBlock(foreseen ? error.message : (error.stack ?? error.message));
}
