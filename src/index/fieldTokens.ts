/**
 * Field tokens: what a record holds outside the canonical columns, as texts `path ␟ type ␟ value`, so that any JSON path
 * can be asked for, typed, from the moment it appears. Types: `s` string, `n` number, `b` boolean; `o` an object that
 * holds something; `t` the epoch ms of a string that is a time, beside its `s`. A path is the keys from the root
 * joined with dots; elements share the path of their array (as `someAtPath` of the query model walks them).
 */

import type { Json } from '../model/json.ts';
import { pathSeparator, pathText } from '../model/overview/recordFields.ts';
import { parseNumber } from '../model/query/values.ts';
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

/** The field tokens of the values that are equal to a query's value. */
export function equalTokens(path: string, value: string): string[] {
  const number = parseNumber(value);
  const tokens = [`${tokenPrefix(path, 's')}${value}`];
  if (number !== undefined) tokens.push(`${tokenPrefix(path, 'n')}${number}`);
  if (value === 'true' || value === 'false') tokens.push(`${tokenPrefix(path, 'b')}${value}`);
  return tokens;
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
  if (!mayBeTime(text)) return;
  const ms = parseTimestamp(text);
  if (ms !== undefined) tokens.add(`${path}${pathSeparator}t${pathSeparator}${ms}`);
}

/** Whether any canonical text looks like a time: few records have one. */
function mayHoldTime(record: LogRecord): boolean {
  const { error, build } = record;
  return (
    mayBeTime(record.task) ||
    mayBeTime(record.message) ||
    mayBeTime(record.level) ||
    mayBeTime(record.event) ||
    mayBeTime(record.account) ||
    mayBeTime(record.collection) ||
    mayBeTime(record.source) ||
    mayBeTime(record.coordinator) ||
    mayBeTime(record.worker) ||
    mayBeTime(record.key) ||
    (error !== undefined && (mayBeTime(error.type) || mayBeTime(error.message) || mayBeTime(error.stack))) ||
    (build !== undefined &&
      (mayBeTime(build.service) || mayBeTime(build.version) || mayBeTime(build.commit) || mayBeTime(build.repository)))
  );
}

/** Spares nearly every text a closer look. The shortest time, `2026-11-23T00:00:00Z`, has 20 characters. */
function mayBeTime(text: string | undefined): boolean {
  if (text === undefined || text.length < 20) return false;
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
