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

const stringFields = [
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
const integerFields = ['attempt', 'bytes', 'docs'] as const;
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
  for (const [name, field] of Object.entries(value)) {
    if (field === null) continue;
    if (name === 'ts') continue;
    if (name === 'event') {
      if (typeof field === 'string') record.event = field;
      else put(rest, name, field);
    } else if (isOneOf(stringFields, name)) {
      if (typeof field === 'string') record[name] = field;
      else put(rest, name, field);
    } else if (isOneOf(integerFields, name)) {
      if (Number.isSafeInteger(field) && Number(field) >= 0) record[name] = Number(field);
      else put(rest, name, field);
    } else if (name === 'error') {
      const [known, other] = splitStrings(field, errorFields);
      if (known) record.error = known;
      if (other !== undefined) put(rest, name, other);
    } else if (name === 'build') {
      const [known, other] = splitStrings(field, buildFields);
      if (known) record.build = known;
      if (other !== undefined) put(rest, name, other);
    } else {
      put(rest, name, field);
    }
  }
  if (Object.keys(rest).length > 0) record.rest = rest;
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
  if (typeof value !== 'string' || !rfc3339.test(value)) return undefined;
  const ms = Date.parse(value.replace(' ', 'T').replace(/[zt]/g, (letter) => letter.toUpperCase()));
  return Number.isNaN(ms) ? undefined : ms;
}

/** The widest range a JavaScript Date holds. */
const maxDateMs = 8.64e15;
const rfc3339 = /^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(?:\.\d{1,12})?(?:[Zz]|[+-]\d{2}:\d{2})$/;

function isOneOf<T extends string>(names: readonly T[], name: string): name is T {
  return (names as readonly string[]).includes(name);
}

/** Assigns even where the name is `__proto__`: log content is hostile. */
function put(target: Record<string, Json>, name: string, value: Json): void {
  Object.defineProperty(target, name, { value, enumerable: true, configurable: true, writable: true });
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
