/** Writes a draft as a segment: sorted rows as Parquet, and the side that a reader keeps in memory. Without the embedded engine. */

import { createHash } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import type { SegmentEntry, SideEntry } from '../manifest.ts';
import type { ParquetColumn } from '../parquet/parquetColumns.ts';
import { writeParquet } from '../parquet/writeParquet.ts';
import { segmentColumns } from '../segmentColumns.ts';
import { describeDraft } from '../segmentStatistics.ts';
import type { SegmentDraft } from './segmentDraft.ts';
import { segmentSide } from './segmentSide.ts';
import { sortDraft } from './sortDraft.ts';

/** Small enough that one account of many is found without reading the rest; zstd loses little by it. */
export const rowGroupRows = 30_720;

/** A finished segment in local files, not yet in the store. */
export interface LocalSegment extends Omit<SegmentEntry, 'key' | 'side'> {
  readonly file: string;
  readonly side: Omit<SideEntry, 'key'> & { readonly file: string };
}

/** @param file where the rows are written, the side beside it. Undefined when there is nothing in the draft. */
export async function writeSegment(
  draft: SegmentDraft,
  file: string,
  signal?: AbortSignal,
): Promise<LocalSegment | undefined> {
  signal?.throwIfAborted();
  if (draft.records === 0) return undefined;
  const sorted = sortDraft(draft);
  const rows = await writeParquet(file, parquetColumns(draft), sorted.order.rows, {
    rowGroupRows,
    encoder: draft.encoder,
    ...(signal ? { signal } : {}),
  });
  const side = await writeSide(segmentSide(draft, sorted, rowGroupRows), `${file}.side`, signal);
  return {
    file,
    ...rows,
    records: draft.records,
    ...describeDraft(draft),
    side: { ...side, tasks: sorted.folded.count },
  };
}

/** Removes the local files of a segment. */
export async function removeLocal(segment: LocalSegment): Promise<void> {
  await rm(segment.file, { force: true });
  await rm(segment.side.file, { force: true });
}

async function writeSide(parts: readonly Uint8Array[], file: string, signal?: AbortSignal) {
  const bytes = Buffer.concat(parts);
  signal?.throwIfAborted();
  await writeFile(file, bytes);
  return { file, sizeBytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
}

export function parquetColumns({ texts, numbers, fields }: SegmentDraft): ParquetColumn[] {
  const columns: ParquetColumn[] = segmentColumns.map(({ name }): ParquetColumn => {
    switch (name) {
      case 'ts':
        return { kind: 'time', name, values: numbers.ts.values };
      case 'attempt':
      case 'bytes':
      case 'docs':
      case 'offset_bytes':
        return { kind: 'integer', name, values: numbers[name].values };
      case 'fields':
        return { kind: 'texts', name, dictionary: fields.dictionary, codes: fields.codes, ends: fields.ends };
      default:
        return { kind: 'text', name, dictionary: texts[name].dictionary, codes: texts[name].codes };
    }
  });
  const { dictionary, codes } = texts.object_version;
  return [...columns, { kind: 'text', name: 'object_version', dictionary, codes }];
}
