/** One attempt at one task: reads the object, turns rows into documents, and makes them visible with a single write. */

import { createHash } from 'node:crypto';
import type { Json, JsonObject } from '../../model/json.ts';
import type { ObjectStore } from '../../store/objectStore.ts';
import { sourceId } from '../source.ts';
import type { AttemptResult, Lease } from '../wire.ts';
import { DocumentTable } from './documentTable.ts';
import type { ParquetWriter } from './parquetWriter.ts';
import { type ReadMeter, readDecoded } from './readDecoded.ts';
import { formatOf, readRows } from './readRows.ts';
import type { RejectedRow, Row } from './row.ts';

const maxRawBytes = 4_096;

export interface IngestContext {
  /** The harness's own store, for documents and rejects. */
  readonly store: ObjectStore;
  /** Rooted at the source's folder. */
  readonly objects: ObjectStore;
  readonly parquet: ParquetWriter;
  readonly signal: AbortSignal;
  /** Counts up while the attempt runs. */
  readonly progress: { docs: number; readonly meter: ReadMeter };
  /** Asks whether the lease is still held; throws when it is not. Nothing may be written without it. */
  readonly confirmLease: () => Promise<void>;
  readonly log: (level: 'debug' | 'info' | 'warn', message: string, fields: JsonObject) => void;
}

/**
 * @throws IngestError for an object that cannot be ingested; StoreError; the signal's reason. Documents become visible
 *   all at once or not at all, and again under the same name when the attempt is repeated.
 */
export async function ingestObject(lease: Lease, context: IngestContext): Promise<AttemptResult> {
  const { signal, progress } = context;
  const readStarted = performance.now();
  const format = formatOf(lease.source.format, lease.objectKey);
  const { table, rejected } = await readDocuments(lease, format, context);
  const readMs = performance.now() - readStarted;
  context.log('debug', `read ${table.documents} documents from ${format}`, {
    durations: { readMs: Math.round(readMs) },
    columns: table.columns.size,
    rows: { read: table.documents, rejected: rejected.length },
  });

  if (format === 'csv' || format === 'tsv') table.typeCsvColumns();
  if (lease.source.expect) table.expect(lease.source.expect, lease.key);

  const writeStarted = performance.now();
  const file = table.documents > 0 ? await context.parquet.write(table, lease.key, signal) : undefined;
  const writeMs = performance.now() - writeStarted;

  await context.confirmLease();
  const putStarted = performance.now();
  await publish(lease, context, file, rejected);
  context.log('info', `published ${outputName(lease)}.parquet`, {
    durations: { writeMs: Math.round(writeMs), putMs: Math.round(performance.now() - putStarted) },
    output: { key: documentsKey(lease), bytes: file?.byteLength ?? 0 },
  });
  return { docs: table.documents, bytes: progress.meter.bytes, rejected: rejected.length };
}

async function readDocuments(
  lease: Lease,
  format: ReturnType<typeof formatOf>,
  context: IngestContext,
): Promise<{ readonly table: DocumentTable; readonly rejected: readonly RejectedRow[] }> {
  const decoded = readDecoded(context.objects, lease, context.progress.meter, context.signal);
  const table = new DocumentTable();
  const rejected: RejectedRow[] = [];
  for await (const row of readRows(decoded, format, lease.key)) {
    context.signal.throwIfAborted();
    takeRow(row, table, rejected);
    context.progress.docs = table.documents;
  }
  return { table, rejected };
}

function takeRow(row: Row, table: DocumentTable, rejected: RejectedRow[]): void {
  if (row.kind === 'document') table.add(row.row, row.document);
  else rejected.push({ ...row, raw: cut(row.raw) });
}

function cut(raw: string): string {
  const bytes = Buffer.from(raw);
  // A character that is cut in two would become a replacement character of its own.
  return bytes.byteLength <= maxRawBytes
    ? raw
    : bytes
        .subarray(0, maxRawBytes)
        .toString()
        .replace(/\uFFFD$/, '');
}

/** Rejects first: when the documents are visible, everything is. */
async function publish(
  lease: Lease,
  context: IngestContext,
  file: Uint8Array | undefined,
  rejected: readonly RejectedRow[],
): Promise<void> {
  const { store, signal } = context;
  if (rejected.length > 0) {
    const lines = rejected.map((row) => `${JSON.stringify(rejectJson(lease.key, row))}\n`);
    context.log('warn', `${rejected.length} rows rejected, the first: ${rejected[0]?.reason ?? ''}`, {
      rejects: { key: rejectsKey(lease), rows: rejected.length },
    });
    await store.put(rejectsKey(lease), Buffer.from(lines.join('')), { signal, contentType: 'application/x-ndjson' });
  } else await store.delete(rejectsKey(lease), signal);
  if (file) await store.put(documentsKey(lease), file, { signal, contentType: 'application/vnd.apache.parquet' });
  else await store.delete(documentsKey(lease), signal);
}

function rejectJson(key: string, rejected: RejectedRow): Record<string, Json> {
  const { row, offsetBytes, reason, raw } = rejected;
  return { key, row, offset: offsetBytes, reason, raw };
}

function documentsKey(lease: Lease): string {
  return `collections/${lease.source.account}/${lease.source.collection}/${outputName(lease)}.parquet`;
}

function rejectsKey(lease: Lease): string {
  return `rejects/${lease.source.account}/${lease.source.collection}/${outputName(lease)}.ndjson`;
}

/** The same for every attempt at every version of an object: a repeated attempt replaces, never adds. */
function outputName(lease: Lease): string {
  const digest = createHash('sha256')
    .update(`${sourceId(lease.source)}\n${lease.objectKey}`)
    .digest('hex');
  return `${lease.source.source.replace(/[^A-Za-z0-9_-]+/g, '-').slice(0, 40)}-${digest.slice(0, 20)}`;
}
