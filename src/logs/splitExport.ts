/**
 * Splits an OpenTelemetry export (OTLP/JSON, one to a line as the Collector's file exporter writes it) into its log records,
 * each with the resource and scope that it stands under.
 */

import { withPlainAttributes } from '../model/fieldMapping/openTelemetry.ts';
import { isJsonObject, type Json, type JsonObject } from '../model/json.ts';
import { elementSpans } from './elementSpans.ts';

export type ExportPart =
  | {
      readonly kind: 'record';
      /** Where the record starts in the text of the line. */
      readonly start: number;
      readonly value: JsonObject;
      /** An export of this record alone. */
      readonly raw: string;
    }
  | { readonly kind: 'rejected'; readonly start: number; readonly reason: string; readonly raw: string };

interface Element {
  readonly value: Json;
  readonly start: number;
  readonly raw: string;
}

/**
 * The records in order; `undefined` where the line is no export. What lies around a record is given to it: `resource`,
 * `scope`, and whatever else stands beside the lists as `export`, `resourceLogs` and `scopeLogs`. A part that is not of the
 * expected form is rejected, the others are read.
 * @param json what `value` was parsed from.
 */
export function splitExport(value: Json, json: string): readonly ExportPart[] | undefined {
  if (!isJsonObject(value) || !Array.isArray(value['resourceLogs'])) return undefined;
  const parts: ExportPart[] = [];
  const top = surroundings(value, 'resourceLogs', 'export');
  for (const ofResource of elementsOf({ value, start: 0, raw: json }, 'resourceLogs', json) ?? []) {
    const scopes = elementsOf(ofResource, 'scopeLogs', json);
    if (!scopes) parts.push(rejected(ofResource, 'in resourceLogs, but has no scopeLogs'));
    const resource = surroundings(ofResource.value, 'scopeLogs', 'resourceLogs', 'resource');
    for (const ofScope of scopes ?? []) {
      const records = elementsOf(ofScope, 'logRecords', json);
      if (!records) parts.push(rejected(ofScope, 'in scopeLogs, but has no logRecords'));
      const scope = surroundings(ofScope.value, 'logRecords', 'scopeLogs', 'scope');
      const given = { ...top.given, ...resource.given, ...scope.given };
      const head = top.head + resource.head + scope.head;
      for (const record of records ?? []) parts.push(partOf(record, given, head));
    }
  }
  if (parts.length === 0) parts.push({ kind: 'rejected', start: 0, reason: 'an export of no log records', raw: json });
  return parts;
}

/** The elements of a list within an element, each with its text; `undefined` where there is no such list. */
function elementsOf({ value, start }: Element, list: string, json: string): readonly Element[] | undefined {
  const values = isJsonObject(value) ? value[list] : undefined;
  const spans = Array.isArray(values) ? elementSpans(json, start, list) : undefined;
  if (!Array.isArray(values) || !spans) return undefined;
  return spans.map(({ start, end }, at) => ({ value: values[at], start, raw: json.slice(start, end) }));
}

interface Surroundings {
  /** What the records within are given. */
  readonly given: JsonObject;
  /** Text up to the first element of the list. */
  readonly head: string;
}

function surroundings(holder: Json, list: string, name: string, own?: 'resource' | 'scope'): Surroundings {
  if (!isJsonObject(holder)) return { given: {}, head: '' };
  const { [list]: _list, ...beside } = holder;
  const text = JSON.stringify(beside).slice(0, -1);
  const head = `${text}${text === '{' ? '' : ','}${JSON.stringify(list)}:[`;
  const given: Record<string, Json> = {};
  const others = Object.entries(beside).filter(([key]) => key !== own);
  if (others.length > 0) given[name] = Object.fromEntries(others);
  const held = own === undefined ? undefined : beside[own];
  if (own !== undefined && held !== undefined) given[own] = isJsonObject(held) ? withPlainAttributes(held) : held;
  return { given, head };
}

function partOf(element: Element, given: JsonObject, head: string): ExportPart {
  const { value, start } = element;
  if (!isJsonObject(value)) return rejected(element, 'in logRecords, but is no object');
  const twice = Object.keys(given).find((name) => Object.hasOwn(value, name));
  if (twice !== undefined) return rejected(element, `a log record with a ${twice} of its own within an export`);
  return { kind: 'record', start, value: { ...value, ...given }, raw: `${head}${element.raw}]}]}]}` };
}

function rejected({ start, raw }: Element, reason: string): ExportPart {
  return { kind: 'rejected', start, reason, raw };
}
