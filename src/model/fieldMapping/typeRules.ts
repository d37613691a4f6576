/**
 * Which values of other log formats fit a canonical field, and what they are there. A rule never guesses: a value that does
 * not fit is left where it was, and one that fits but says more than the field can hold is kept there as well.
 */

import type { Json } from '../json.ts';
import { parseTimestamp } from '../record.ts';

export interface Fitted {
  readonly value: string | number;
  /** Whether the canonical value says all that the original said. */
  readonly isExact: boolean;
}

export type TypeRule = (value: Json) => Fitted | undefined;

const levels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;
type Level = (typeof levels)[number];

/** Words of other vocabularies (syslog, java.util.logging) for the same; any other word is a level of its own. */
const levelWords: Readonly<Partial<Record<string, Level>>> = {
  finest: 'trace',
  finer: 'trace',
  fine: 'debug',
  information: 'info',
  informational: 'info',
  notice: 'info',
  warning: 'warn',
  err: 'error',
  severe: 'error',
  crit: 'fatal',
  critical: 'fatal',
  alert: 'fatal',
  emerg: 'fatal',
  emergency: 'fatal',
  panic: 'fatal',
};

/** A time that is not RFC 3339 text is a number, or its digits as text, of one of these units since 1970. */
const nanosecondsOf = { s: 1_000_000_000n, ms: 1_000_000n, us: 1000n, ns: 1n } as const;
type TimeUnit = keyof typeof nanosecondsOf;

export function text(value: Json): Fitted | undefined {
  return typeof value === 'string' ? { value, isExact: true } : undefined;
}

/** Whole and not negative; also its digits as text, as formats write that know texts only. */
export function integer(value: Json): Fitted | undefined {
  const number = typeof value === 'string' && decimal.test(value) ? Number(value) : value;
  return typeof number === 'number' && Number.isSafeInteger(number) && number >= 0
    ? { value: number, isExact: true }
    : undefined;
}

const decimal = /^(?:0|[1-9]\d{0,15})$/;

export function time(unit: TimeUnit): TypeRule {
  return (value) => {
    if (typeof value === 'string' && !digits.test(value)) {
      const ms = parseTimestamp(value);
      return ms === undefined ? undefined : { value: ms, isExact: !belowMs.test(value) };
    }
    return typeof value === 'string' ? fromDigits(value, unit) : fromNumber(value, unit);
  };
}

const digits = /^\d{1,20}$/;
/** Digits after the third of a fraction that are not all 0. */
const belowMs = /\.\d{3}0*[1-9]/;

function fromDigits(value: string, unit: TimeUnit): Fitted | undefined {
  const nanoseconds = BigInt(value) * nanosecondsOf[unit];
  return moment(Number(nanoseconds / 1_000_000n), nanoseconds % 1_000_000n === 0n);
}

function fromNumber(value: Json, unit: TimeUnit): Fitted | undefined {
  if (typeof value !== 'number') return undefined;
  if (unit === 's') {
    // 1700000000.123 * 1000 is not whole, though it is meant to be.
    const ms = Math.round(value * 1000);
    return ms / 1000 === value ? moment(ms, true) : moment(Math.floor(value * 1000), false);
  }
  const ms = value / Number(1_000_000n / nanosecondsOf[unit]);
  return moment(Math.floor(ms), Number.isInteger(ms));
}

function moment(ms: number, isExact: boolean): Fitted | undefined {
  const value = parseTimestamp(ms);
  return value === undefined ? undefined : { value, isExact };
}

/** OpenTelemetry's: 0 says that the time is not known. */
export function knownTime(unit: TimeUnit): TypeRule {
  const rule = time(unit);
  return (value) => (value === 0 || value === '0' ? undefined : rule(value));
}

/** A word: one of the six in any case of letters, another word for one of them, or a level of its own. */
export function level(value: Json): Fitted | undefined {
  if (typeof value !== 'string') return undefined;
  const word = value.toLowerCase();
  if (isLevel(word)) return { value: word, isExact: true };
  const known = Object.hasOwn(levelWords, word) ? levelWords[word] : undefined;
  return known === undefined ? { value, isExact: true } : { value: known, isExact: false };
}

/** Pino's and Bunyan's: 10 is trace, 60 fatal; a level of one's own between them counts as the one below it. */
export function pinoLevel(value: Json): Fitted | undefined {
  if (typeof value !== 'number') return level(value);
  const step = Math.min(60, Math.max(10, Math.floor(value / 10) * 10));
  return levelAt(step / 10 - 1, step === value);
}

/** OpenTelemetry's SeverityNumber: four steps to a level, from 1 to 24; 0 says that it is not known. */
export function severityNumber(value: Json): Fitted | undefined {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 1 || value > 24) return undefined;
  return levelAt(Math.floor((value - 1) / 4), value % 4 === 1);
}

/** RFC 5424's severities, 0 to 7. */
export function syslogSeverity(value: Json): Fitted | undefined {
  const number = integer(value)?.value;
  if (typeof number !== 'number') return level(value);
  const known = (['fatal', 'fatal', 'fatal', 'error', 'warn', 'info', 'info', 'debug'] as const)[number];
  return known === undefined ? undefined : { value: known, isExact: number === 3 || number === 4 || number >= 6 };
}

export function isLevel(word: string): word is Level {
  return (levels as readonly string[]).includes(word);
}

function levelAt(index: number, isExact: boolean): Fitted | undefined {
  const value = levels[index];
  return value === undefined ? undefined : { value, isExact };
}
