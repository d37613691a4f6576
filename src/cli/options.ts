/** Reads the arguments of one call with `node:util` parseArgs, and hands them out as checked values. */

import { parseArgs } from 'node:util';
import { WrongUse } from './wrongUse.ts';

interface OptionSpec {
  readonly type: 'text' | 'flag';
  /** How help names the value. */
  readonly value?: string;
  readonly help: string;
  readonly repeatable?: boolean;
  /** Of a repeatable option: further arguments that look like this belong to it too, `--coordinator URL URL`. */
  readonly further?: RegExp;
}
export type OptionTable = Readonly<Record<string, OptionSpec>>;

/**
 * Splits arguments by `table`. An argument with one dash is no option but a negated term of a query, `-source:test`.
 * @throws WrongUse on an unknown option, a missing value, or a value for a flag.
 */
export function readOptions(args: readonly string[], table: OptionTable): OptionValues {
  const config = Object.fromEntries(
    Object.entries(table).map(([name, spec]) => [
      name,
      { type: spec.type === 'flag' ? ('boolean' as const) : ('string' as const), multiple: spec.repeatable === true },
    ]),
  );
  try {
    const parsed = parseArgs({ args: prepare(args, table), options: config, allowPositionals: true, strict: true });
    return new OptionValues(parsed.values, parsed.positionals.map(unmark));
  } catch (error) {
    if (!isParseArgsError(error)) throw error;
    // Node's message goes on with advice about `--`, which would mislead here.
    throw new WrongUse(`${unmark(error.message.split(/\. |\n/)[0] ?? error.message).replace(/\.$/, '')}.`, {
      cause: error,
    });
  }
}

/** Keeps parseArgs from taking `-source:test` for options; no argument of a process can hold the character itself. */
const mark = '\0';

function prepare(args: readonly string[], table: OptionTable): string[] {
  const prepared: string[] = [];
  for (let index = 0; index < args.length; index++) {
    const argument = args[index] ?? '';
    if (argument === '--') return [...prepared, ...args.slice(index)];
    prepared.push(marked(argument));
    const name = argument.startsWith('--') ? argument.slice(2) : '';
    const spec = Object.hasOwn(table, name) ? table[name] : undefined;
    if (spec?.type !== 'text' || index + 1 === args.length) continue;
    prepared.push(marked(args[++index] ?? ''));
    while (spec.further?.test(args[index + 1] ?? '')) prepared.push(argument, args[++index] ?? '');
  }
  return prepared;
}

function marked(argument: string): string {
  return /^-[^-]/.test(argument) ? mark + argument : argument;
}

function unmark(text: string): string {
  return text.replaceAll(mark, '');
}

function isParseArgsError(error: unknown): error is Error {
  return error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');
}

export class OptionValues {
  readonly #values: Readonly<Record<string, unknown>>;
  readonly positionals: readonly string[];

  constructor(values: Readonly<Record<string, unknown>>, positionals: readonly string[]) {
    this.#values = values;
    this.positionals = positionals;
  }

  flag(name: string): boolean {
    return this.#values[name] === true;
  }

  text(name: string): string | undefined {
    const value = this.#values[name];
    return typeof value === 'string' ? unmark(value) : undefined;
  }

  texts(name: string): readonly string[] {
    const value = this.#values[name];
    if (!Array.isArray(value)) return [];
    return value.map((item) => unmark(String(item)));
  }

  required(name: string, expected: string): string {
    const text = this.text(name);
    if (text === undefined || text === '') throw new WrongUse(`--${name} is missing: expected ${expected}.`);
    return text;
  }

  /** @throws WrongUse unless it is a whole number in the range. */
  integer(name: string, range: { readonly min: number; readonly max: number }): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= range.min && value <= range.max) return value;
    throw new WrongUse(
      `--${name} expects a whole number from ${range.min} to ${range.max}, got ${JSON.stringify(text)}.`,
    );
  }

  /** @throws WrongUse when there are positional arguments where none belong. */
  noPositionals(): void {
    const [first] = this.positionals;
    if (first !== undefined) throw new WrongUse(`Unexpected argument ${JSON.stringify(first)}.`);
  }
}
