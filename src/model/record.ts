/** The task log record (docs/task-log.md): its canonical fields, and how JSON from outside becomes one. */

import { isJsonObject, type Json, type JsonObject } from './json.ts';

/** The events that change a task's state; any other event text is kept as it is and counts as a `log`. */
export const taskEvents = [
  'task.created',
  'task.assigned',
  'attempt.started',
  'attempt.progress',
  'attempt.finished',
  'attempt.failed',
  'attempt.lost',
  'task.succeeded',
  'task.failed',
] as const;
export type TaskEvent = (typeof taskEvents)[number];

export interface ErrorInfo {
  readonly type?: string;
  readonly message?: string;
  /** As the runtime printed it. */
  readonly stack?: string;
}

export interface BuildInfo {
  readonly service?: string;
  readonly version?: string;
  readonly commit?: string;
  readonly repository?: string;
}

/**
 * Where a record was read: the log object, and the byte at which its line starts in the decoded text, or, where a line holds many
 * records, the byte at which its own text does. No two records share one.
 */
interface RecordOrigin {
  readonly object: string;
  readonly offsetBytes: number;
}

export interface LogRecord {
  /** Epoch milliseconds, by the writer's clock. */
  readonly tsMs: number;
  readonly level?: string;
  /** A `TaskEvent`, or whatever else the writer said; `log` when it said nothing. */
  readonly event: string;
  readonly task?: string;
  readonly attempt?: number;
  readonly account?: string;
  readonly collection?: string;
  readonly source?: string;
  readonly coordinator?: string;
  readonly worker?: string;
  readonly message?: string;
  readonly error?: ErrorInfo;
  readonly build?: BuildInfo;
  readonly key?: string;
  readonly bytes?: number;
  readonly docs?: number;
  /** Failure group id of `error`, computed by the reader, never by the writer. */
  readonly group?: string;
  /** Every field that is not canonical, and canonical ones whose value has another type than the contract's. */
  readonly rest?: JsonObject;
  readonly origin?: RecordOrigin;
}

export type ParsedRecord =
  | { readonly kind: 'record'; readonly record: LogRecord }
  | { readonly kind: 'rejected'; readonly reason: string };

/** Canonical fields that are strings, but for `event`, which is never absent. */
export const stringFields = [
  'level',
  'task',
  'account',
  'collection',
  'source',
  'coordinator',
  'worker',
  'message',
  'key',
] as const;
export const integerFields = ['attempt', 'bytes', 'docs'] as const;
const errorFields = ['type', 'message', 'stack'] as const;
const buildFields = ['service', 'version', 'commit', 'repository'] as const;

/**
 * Reads one JSON value as a task log record. A canonical field with a value of the wrong type is kept in `rest`
 * under its own name, untouched; only a value that is no object, or has no usable `ts`, is rejected.
 */
export function parseRecord(value: unknown): ParsedRecord {
  if (!isJsonObject(value)) return { kind: 'rejected', reason: 'not a JSON object' };
  const tsMs = parseTimestamp(value['ts']);
  if (tsMs === undefined) {
    const reason =
      value['ts'] === undefined ? 'no ts' : `ts is not a time: ${JSON.stringify(value['ts']).slice(0, 80)}`;
    return { kind: 'rejected', reason };
  }
  const record: { -readonly [K in keyof LogRecord]: LogRecord[K] } = { tsMs, event: 'log' };
  const rest: Record<string, Json> = {};
  let hasRest = false;
  const keep = (name: string, field: Json) => {
    put(rest, name, field);
    hasRest = true;
  };
  for (const name of Object.keys(value)) {
    const field = value[name];
    if (field === null || field === undefined) continue;
    if (name === 'ts') continue;
    if (name === 'event') {
      if (typeof field === 'string') record.event = field;
      else keep(name, field);
    } else if (isStringField(name)) {
      if (typeof field === 'string') record[name] = field;
      else keep(name, field);
    } else if (isIntegerField(name)) {
      if (Number.isSafeInteger(field) && Number(field) >= 0) record[name] = Number(field);
      else keep(name, field);
    } else if (name === 'error') {
      const [known, other] = splitStrings(field, errorFields);
      if (known) record.error = known;
      if (other !== undefined) keep(name, other);
    } else if (name === 'build') {
      const [known, other] = splitStrings(field, buildFields);
      if (known) record.build = known;
      if (other !== undefined) keep(name, other);
    } else {
      keep(name, field);
    }
  }
  if (hasRest) record.rest = rest;
  return { kind: 'record', record };
}

/**
 * The canonical JSON form of a record, as a log shipper writes it. Where `rest` holds another value of a canonical field's name
 * (a field mapping gave the field a value from elsewhere), that one is under `_rest`.
 */
export function recordToJson(record: LogRecord): JsonObject {
  const json: Record<string, Json> = { ts: new Date(record.tsMs).toISOString() };
  if (record.event !== 'log') json['event'] = record.event;
  for (const name of stringFields) if (record[name] !== undefined) json[name] = record[name];
  for (const name of integerFields) if (record[name] !== undefined) json[name] = record[name];
  if (record.error) json['error'] = { ...record.error };
  if (record.build) json['build'] = { ...record.build };
  const hidden: Record<string, Json> = {};
  for (const [name, value] of Object.entries(record.rest ?? {})) {
    const known = Object.hasOwn(json, name) ? json[name] : undefined;
    if (known === undefined) put(json, name, value);
    else if (isJsonObject(known) && isJsonObject(value) && !overlap(known, value)) json[name] = { ...value, ...known };
    else put(hidden, name, value);
  }
  if (Object.keys(hidden).length > 0) json['_rest'] = hidden;
  return json;
}

/** RFC 3339 text with a zone, or epoch milliseconds; `undefined` for anything else. */
export function parseTimestamp(value: unknown): number | undefined {
  if (typeof value === 'number') {
    // Whole milliseconds, as of text with more digits: some writers multiply seconds by 1000.
    return Number.isFinite(value) && Math.abs(value) <= maxDateMs ? Math.floor(value) : undefined;
  }
  if (typeof value !== 'string') return undefined;
  const usual = parseUsualTimestamp(value);
  if (usual !== undefined) return usual;
  if (!rfc3339.test(value)) return undefined;
  const ms = Date.parse(value.replace(' ', 'T').replace(/[zt]/g, (letter) => letter.toUpperCase()));
  return Number.isNaN(ms) ? undefined : ms;
}

/**
 * `YYYY-MM-DDTHH:MM:SS.sssZ`, as nearly every writer spells it, in a tenth of the time; `undefined` for any other text, and for
 * what needs a closer look (the ends of months).
 */
function parseUsualTimestamp(text: string): number | undefined {
  if (text.length !== 24 || text.charCodeAt(23) !== 0x5a || text.charCodeAt(10) !== 0x54) return undefined;
  if (text.charCodeAt(4) !== 0x2d || text.charCodeAt(7) !== 0x2d || text.charCodeAt(19) !== 0x2e) return undefined;
  if (text.charCodeAt(13) !== 0x3a || text.charCodeAt(16) !== 0x3a) return undefined;
  const year = digitsAt(text, 0, 4);
  const month = digitsAt(text, 5, 2);
  const day = digitsAt(text, 8, 2);
  const hour = digitsAt(text, 11, 2);
  const minute = digitsAt(text, 14, 2);
  const second = digitsAt(text, 17, 2);
  const ms = digitsAt(text, 20, 3);
  // Not a number fails every comparison.
  const isUsual =
    year >= 1970 && month >= 1 && month <= 12 && day >= 1 && day <= 28 && hour <= 23 && minute <= 59 && second <= 59;
  return isUsual && ms >= 0 ? Date.UTC(year, month - 1, day, hour, minute, second, ms) : undefined;
}

function digitsAt(text: string, start: number, count: number): number {
  let value = 0;
  for (let at = start; at < start + count; at++) {
    const digit = text.charCodeAt(at) - 0x30;
    if (digit < 0 || digit > 9) return Number.NaN;
    value = value * 10 + digit;
  }
  return value;
}

/** The widest range a JavaScript Date holds. */
const maxDateMs = 8.64e15;
const rfc3339 = /^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(?:\.\d{1,12})?(?:[Zz]|[+-]\d{2}:\d{2})$/;

function isOneOf<T extends string>(names: readonly T[], name: string): name is T {
  return (names as readonly string[]).includes(name);
}

const stringFieldNames: ReadonlySet<string> = new Set(stringFields);
const integerFieldNames: ReadonlySet<string> = new Set(integerFields);

function isStringField(name: string): name is (typeof stringFields)[number] {
  return stringFieldNames.has(name);
}

function isIntegerField(name: string): name is (typeof integerFields)[number] {
  return integerFieldNames.has(name);
}

/** Assigns even where the name is `__proto__`: log content is hostile. */
function put(target: Record<string, Json>, name: string, value: Json): void {
  if (name !== '__proto__') target[name] = value;
  else Object.defineProperty(target, name, { value, enumerable: true, configurable: true, writable: true });
}

/** Splits a nested object into its known string fields and what is left of it. */
function splitStrings<T extends string>(
  field: Json,
  names: readonly T[],
): [{ readonly [K in T]?: string } | undefined, Json | undefined] {
  if (!isJsonObject(field)) return [undefined, field];
  const known: { [K in T]?: string } = {};
  const other: Record<string, Json> = {};
  for (const [name, value] of Object.entries(field)) {
    if (isOneOf(names, name) && typeof value === 'string') known[name] = value;
    else if (value !== null) put(other, name, value);
  }
  return [Object.keys(known).length > 0 ? known : undefined, Object.keys(other).length > 0 ? other : undefined];
}

function overlap(a: JsonObject, b: JsonObject): boolean {
  return Object.keys(a).some((name) => Object.hasOwn(b, name));
}
