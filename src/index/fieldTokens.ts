/**
 * Field tokens: what a record holds outside the canonical columns, as texts `path ␟ type ␟ value`, so that any JSON path
 * can be asked for, typed, from the moment it appears. Types: `s` string, `n` number, `b` boolean; `o` an object that
 * holds something; `t` the epoch ms of a string that is a time, beside its `s`. A path is the keys from the root
 * joined with dots; elements share the path of their array (as `someAtPath` of the query model walks them).
 */

import type { Json } from '../model/json.ts';
import { pathSeparator, pathText } from '../model/overview/recordFields.ts';
import { type LogRecord, parseTimestamp } from '../model/record.ts';

export type TokenType = 's' | 'n' | 'b' | 'o' | 't';

/** The record's tokens; `undefined` when it has none. */
export function fieldTokens(record: LogRecord): string[] | undefined {
  // Canonical texts stand in columns of their own; only one that is a time needs its moment here.
  const hasTimes = mayHoldTime(record);
  if (!record.rest && !hasTimes) return undefined;
  const tokens = new Set<string>();
  if (record.rest) {
    for (const [name, value] of Object.entries(record.rest)) collect(pathText(name), value, tokens);
  }
  if (hasTimes) {
    for (const [path, text] of canonicalTexts(record)) if (text !== undefined) addTime(path, text, tokens);
  }
  return tokens.size > 0 ? [...tokens] : undefined;
}

/** Start of every token of this path and, when given, type. */
export function tokenPrefix(path: string, type?: TokenType): string {
  return `${pathText(path)}${pathSeparator}${type === undefined ? '' : type + pathSeparator}`;
}

export function pathOfToken(token: string): string {
  return token.slice(0, token.indexOf(pathSeparator));
}

/** Returns whether there was any string, number or boolean. The reader has refused what is nested too deep to walk. */
function collect(path: string, value: Json, tokens: Set<string>): boolean {
  if (value === null) return false;
  let holds = false;
  if (Array.isArray(value)) {
    for (const element of value as readonly Json[]) holds = collect(path, element, tokens) || holds;
  } else if (typeof value === 'object') {
    for (const [name, field] of Object.entries(value)) {
      holds = collect(`${path}.${pathText(name)}`, field, tokens) || holds;
    }
    if (holds) tokens.add(`${path}${pathSeparator}o${pathSeparator}`);
  } else {
    holds = true;
    const type = typeof value === 'string' ? 's' : typeof value === 'number' ? 'n' : 'b';
    tokens.add(`${path}${pathSeparator}${type}${pathSeparator}${String(value)}`);
    if (typeof value === 'string') addTime(path, value, tokens);
  }
  return holds;
}

function addTime(path: string, text: string, tokens: Set<string>): void {
  // Spares nearly every text the regular expression.
  // The shortest time, `2026-11-23T00:00:00Z`, has 20 characters.
  if (text.length < 20 || !startsWithDigit(text)) return;
  const ms = parseTimestamp(text);
  if (ms !== undefined) tokens.add(`${path}${pathSeparator}t${pathSeparator}${ms}`);
}

/** Whether any canonical text starts with a digit, as times do: few records have one. */
function mayHoldTime(record: LogRecord): boolean {
  const { error, build } = record;
  return (
    startsWithDigit(record.task) ||
    startsWithDigit(record.message) ||
    startsWithDigit(record.level) ||
    startsWithDigit(record.event) ||
    startsWithDigit(record.account) ||
    startsWithDigit(record.collection) ||
    startsWithDigit(record.source) ||
    startsWithDigit(record.coordinator) ||
    startsWithDigit(record.worker) ||
    startsWithDigit(record.key) ||
    (error !== undefined &&
      (startsWithDigit(error.type) || startsWithDigit(error.message) || startsWithDigit(error.stack))) ||
    (build !== undefined &&
      (startsWithDigit(build.service) ||
        startsWithDigit(build.version) ||
        startsWithDigit(build.commit) ||
        startsWithDigit(build.repository)))
  );
}

function startsWithDigit(text: string | undefined): boolean {
  if (text === undefined) return false;
  const first = text.charCodeAt(0);
  return first >= 0x30 && first <= 0x39;
}

function canonicalTexts(record: LogRecord): readonly (readonly [string, string | undefined])[] {
  return [
    ['level', record.level],
    ['event', record.event],
    ['task', record.task],
    ['account', record.account],
    ['collection', record.collection],
    ['source', record.source],
    ['coordinator', record.coordinator],
    ['worker', record.worker],
    ['message', record.message],
    ['key', record.key],
    ['error.type', record.error?.type],
    ['error.message', record.error?.message],
    ['error.stack', record.error?.stack],
    ['build.service', record.build?.service],
    ['build.version', record.build?.version],
    ['build.commit', record.build?.commit],
    ['build.repository', record.build?.repository],
  ];
}
