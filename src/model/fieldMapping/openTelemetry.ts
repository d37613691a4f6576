/**
 * OpenTelemetry's typed JSON (OTLP) as plain JSON: `[{"key":"a","value":{"intValue":"1"}}]` is `{"a":1}`. What is not exactly
 * of that form stays as it is, so that nothing is lost; numbers that JavaScript cannot hold stay text.
 */

import { isJsonObject, type Json, type JsonObject } from '../json.ts';

/** A log record, alone or with its resource and scope around it, with its attributes and body in plain JSON. */
export function plainRecord(record: JsonObject): JsonObject {
  let plain = withPlainAttributes(record);
  for (const name of ['resource', 'scope', 'instrumentationScope']) {
    const holder = plain[name];
    if (!isJsonObject(holder)) continue;
    const decoded = withPlainAttributes(holder);
    if (decoded !== holder) plain = { ...plain, [name]: decoded };
  }
  const body = record['body'];
  if (isJsonObject(body)) plain = { ...plain, body: plainValue(body) };
  return plain;
}

/** A resource, a scope or a record. */
export function withPlainAttributes(holder: JsonObject): JsonObject {
  const list = holder['attributes'];
  if (!Array.isArray(list)) return holder;
  const attributes = plainAttributes(list);
  return attributes ? { ...holder, attributes } : holder;
}

/** `undefined` where the list is not one of attributes, or names one twice. */
function plainAttributes(list: readonly Json[]): JsonObject | undefined {
  const entries = new Map<string, Json>();
  for (const item of list) {
    if (!isJsonObject(item)) return undefined;
    const { key, value = null, ...others } = item;
    if (typeof key !== 'string' || entries.has(key) || Object.keys(others).length > 0) return undefined;
    entries.set(key, plainValue(value));
  }
  return Object.fromEntries(entries);
}

/** OTLP's AnyValue. */
function plainValue(value: Json): Json {
  if (!isJsonObject(value)) return value;
  const [entry, ...others] = Object.entries(value);
  if (!entry) return null;
  return others.length > 0 ? value : (plainOf(entry[0], entry[1]) ?? value);
}

function plainOf(kind: string, value: Json): Json | undefined {
  switch (kind) {
    case 'stringValue':
      return typeof value === 'string' ? value : undefined;
    case 'boolValue':
      return typeof value === 'boolean' ? value : undefined;
    case 'intValue':
      if (typeof value === 'number') return value;
      if (typeof value !== 'string' || !/^-?\d{1,20}$/.test(value)) return undefined;
      return String(Number(value)) === value ? Number(value) : value;
    case 'doubleValue':
      return typeof value === 'number' || isNotFinite(value) ? value : undefined;
    case 'arrayValue':
      return listOf(value)?.map(plainValue);
    case 'kvlistValue': {
      const list = listOf(value);
      return list && plainAttributes(list);
    }
    default:
      // Bytes among them: their text would pass for a text.
      return undefined;
  }
}

function isNotFinite(value: Json): boolean {
  return value === 'NaN' || value === 'Infinity' || value === '-Infinity';
}

/** The values of an ArrayValue or KeyValueList; an empty one may leave them out. */
function listOf(value: Json): readonly Json[] | undefined {
  if (!isJsonObject(value)) return undefined;
  const { values = [], ...others } = value;
  return Array.isArray(values) && Object.keys(others).length === 0 ? values : undefined;
}
