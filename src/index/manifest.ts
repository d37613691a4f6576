/**
 * The manifest (docs/index-format.md): one numbered, immutable JSON document that names everything an index holds.
 * The one with the highest number is the index; whoever creates the next number has committed.
 */

import { isJsonObject, type Json, type JsonObject, parseJson } from '../model/json.ts';
import { newName } from './names.ts';

const manifestFormat = 'ingest-trace-index';
const manifestVersion = 5;

/** One Parquet object of log records, and what the planner needs to leave it unread. */
export interface SegmentEntry {
  readonly key: string;
  readonly sizeBytes: number;
  /** SHA-256 of the object, hex. */
  readonly sha256: string;
  readonly records: number;
  /** Estimate of the memory that its rows take when they are gathered, to be merged with others; absent in older indexes. */
  readonly gatheredBytes?: number;
  /** Least and greatest `ts` of its records, epoch ms. */
  readonly minTs: number;
  readonly maxTs: number;
  /** JSON paths outside the canonical columns and how many records have them; absent when too many to list. */
  readonly paths?: Readonly<Record<string, number>>;
  /** Holds no row of so many superseded versions, counted from the first that there ever was; absent: of none is that known. */
  readonly clean?: number;
  readonly side: SideEntry;
}

/** What a reader keeps of one segment in memory: its tasks folded, its failures, its filters; see `segmentSide.ts`. */
export interface SideEntry {
  readonly key: string;
  readonly sizeBytes: number;
  /** SHA-256 of the object, hex. */
  readonly sha256: string;
  /** Tasks that its records name. */
  readonly tasks: number;
}

/** Log objects that were indexed together; see `ledger.ts`. */
export interface LedgerPartEntry {
  readonly key: string;
  readonly objects: number;
}

/** Rejected lines that were met together; see `rejectedLines.ts`. */
export interface RejectedPartEntry {
  readonly key: string;
  readonly lines: number;
  /** As of a segment. */
  readonly clean?: number;
}

export interface ManifestTotals {
  /** Log objects that are indexed in their current version. */
  readonly objects: number;
  readonly records: number;
  readonly rejected: number;
}

export interface Manifest {
  /** From 1, without gaps while they are young. */
  readonly number: number;
  /** Unique to this commit: tells one's own commit from another's of the same number. */
  readonly commit: string;
  readonly writtenTs: number;
  /** URL of the log root that is indexed. */
  readonly logs: string;
  /** The field mapping that they were read with, as an environment says it; absent where there was none. */
  readonly fields?: JsonObject;
  readonly totals: ManifestTotals;
  readonly segments: readonly SegmentEntry[];
  /** In order of commit: a later entry for the same key replaces the earlier. */
  readonly ledger: readonly LedgerPartEntry[];
  readonly rejected: readonly RejectedPartEntry[];
  /** Object versions whose rows no longer count: the log object was written anew. */
  readonly superseded: readonly string[];
  /** How many superseded versions are no longer listed, as nothing holds a row of them. */
  readonly forgotten?: number;
}

export const manifestPrefix = 'manifest/';

export function manifestKey(number: number): string {
  return `${manifestPrefix}${String(number).padStart(20, '0')}.json`;
}

/** `undefined` for a key that is no manifest's. */
export function manifestNumber(key: string): number | undefined {
  const digits = /^manifest\/(\d{20})\.json$/.exec(key)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

export function emptyManifest(logs: string, fields?: JsonObject): Manifest {
  return {
    number: 0,
    commit: '',
    writtenTs: 0,
    logs,
    ...(fields ? { fields } : {}),
    totals: { objects: 0, records: 0, rejected: 0 },
    segments: [],
    ledger: [],
    rejected: [],
    superseded: [],
  };
}

/** How many versions were superseded so far: what is written without their rows is clean up to there. */
export function cleanUpTo({ superseded, forgotten = 0 }: Pick<Manifest, 'superseded' | 'forgotten'>): number {
  return forgotten + superseded.length;
}

/** The one to commit after it. */
export function manifestAfter(before: Manifest, nowMs: number, changes: Partial<Manifest>): Manifest {
  return { ...before, ...changes, number: before.number + 1, commit: newName(), writtenTs: nowMs };
}

export function serializeManifest(manifest: Manifest): Uint8Array {
  return new TextEncoder().encode(
    `${JSON.stringify({ format: manifestFormat, version: manifestVersion, ...manifest })}\n`,
  );
}

export type ParsedManifest =
  | { readonly kind: 'manifest'; readonly manifest: Manifest }
  | { readonly kind: 'newer'; readonly version: number }
  | { readonly kind: 'older'; readonly version: number }
  | { readonly kind: 'malformed'; readonly reason: string };

/** Reads a manifest that may have been written by anyone. */
export function parseManifest(text: string): ParsedManifest {
  const json = parseJson(text);
  if (!isJsonObject(json)) return { kind: 'malformed', reason: 'not a JSON object' };
  if (json['format'] !== manifestFormat) return { kind: 'malformed', reason: `format is not ${manifestFormat}` };
  const version = json['version'];
  if (!isCount(version)) return { kind: 'malformed', reason: 'no version' };
  if (version > manifestVersion) return { kind: 'newer', version };
  if (version < manifestVersion) return { kind: 'older', version };
  const totals = json['totals'];
  if (
    !isCount(json['number']) ||
    typeof json['commit'] !== 'string' ||
    typeof json['writtenTs'] !== 'number' ||
    typeof json['logs'] !== 'string' ||
    !(json['fields'] === undefined || isJsonObject(json['fields'])) ||
    !isJsonObject(totals) ||
    !isCount(totals['objects']) ||
    !isCount(totals['records']) ||
    !isCount(totals['rejected']) ||
    !isListOf(json['segments'], isSegmentEntry) ||
    !isListOf(json['ledger'], (part) => typeof part['key'] === 'string' && isCount(part['objects'])) ||
    !isListOf(
      json['rejected'],
      (part) => typeof part['key'] === 'string' && isCount(part['lines']) && isOptionalCount(part['clean']),
    ) ||
    !isTextList(json['superseded']) ||
    !isOptionalCount(json['forgotten'])
  ) {
    return { kind: 'malformed', reason: 'a field is missing or of the wrong type' };
  }
  // Every field was checked just above.
  return { kind: 'manifest', manifest: json as unknown as Manifest };
}

function isSegmentEntry(entry: JsonObject): boolean {
  return (
    typeof entry['key'] === 'string' &&
    isCount(entry['sizeBytes']) &&
    typeof entry['sha256'] === 'string' &&
    isCount(entry['records']) &&
    typeof entry['minTs'] === 'number' &&
    typeof entry['maxTs'] === 'number' &&
    (entry['paths'] === undefined || isJsonObject(entry['paths'])) &&
    isOptionalCount(entry['gatheredBytes']) &&
    isOptionalCount(entry['clean']) &&
    isSideEntry(entry['side'])
  );
}

function isSideEntry(entry: Json | undefined): boolean {
  return (
    isJsonObject(entry) &&
    typeof entry['key'] === 'string' &&
    isCount(entry['sizeBytes']) &&
    typeof entry['sha256'] === 'string' &&
    isCount(entry['tasks'])
  );
}

function isCount(value: Json | undefined): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function isOptionalCount(value: Json | undefined): boolean {
  return value === undefined || isCount(value);
}

function isListOf(value: Json | undefined, accepts: (entry: JsonObject) => boolean): boolean {
  return Array.isArray(value) && value.every((entry: Json) => isJsonObject(entry) && accepts(entry));
}

function isTextList(value: Json | undefined): boolean {
  return Array.isArray(value) && value.every((entry) => typeof entry === 'string');
}
