/**
 * An index of as many records as wanted, made of a few real segments: each of its segments is a copy of one of them, with other ids and
 * at another time. Its sides are whole and differ; its rows are those of the real segments, whatever ids these have.
 */

import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { crc32, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { type BlockInfo, blockMagic, parseDirectory } from '../../src/index/blocks/blockFormat.ts';
import { idHash } from '../../src/index/idHash.ts';
import { indexLogs } from '../../src/index/indexLogs.ts';
import {
  emptyManifest,
  manifestAfter,
  manifestKey,
  type Manifest,
  type SegmentEntry,
  serializeManifest,
} from '../../src/index/manifest.ts';
import { ManifestStore } from '../../src/index/manifestStore.ts';
import { orderHashes } from '../../src/index/segments/hashOrder.ts';
import { FileStore } from '../../src/store/fileStore.ts';
import type { ObjectInfo, ObjectStore, StoredObject } from '../../src/store/objectStore.ts';
import { generateLogs } from './generateRecords.ts';

export const recordsOfDay = 10_000_000;

const templateRecords = 1_000_000;
const tasksOfRecord = 0.1547;
const dayMs = 86_400_000;

export interface SyntheticIndex {
  /** URLs of what was made, and of the index that has the rows. */
  readonly sides: string;
  readonly rows: string;
  /** Keys of segments, and those of the real ones whose rows they have. */
  readonly realKeys: Readonly<Record<string, string>>;
  readonly records: number;
  readonly segments: number;
  readonly sideBytes: number;
  /** Of the first segment's tasks and of the last's. */
  readonly firstMs: number;
  readonly lastMs: number;
  /** A task in the middle of all. */
  readonly task: string;
}

/** @param folder for real logs, the index made of them, and the sides. */
export async function makeSyntheticIndex(folder: string, records: number): Promise<SyntheticIndex> {
  const real = new FileStore(`file://${folder}/real`);
  const logs = new FileStore(`file://${folder}/logs`);
  await generateLogs(logs, templateRecords, 20261126, dayMs / recordsOfDay / tasksOfRecord);
  await indexLogs({ logs, index: real });
  const { manifest } = await new ManifestStore(real).newest(undefined);
  const templates = await Promise.all(
    manifest.segments.map(async (entry) => ({ entry, side: await readFile(fileOf(real, entry.side.key)) })),
  );
  const rounds = Math.round(records / manifest.totals.records);
  const spanMs = Math.round((dayMs * manifest.totals.records) / recordsOfDay);
  const made = new FileStore(`file://${folder}/synthetic`);
  const segments: SegmentEntry[] = [];
  const realKeys: Record<string, string> = {};
  let task = '';
  for (let round = 0; round < rounds; round++) {
    for (const { entry, side } of templates) {
      const copy = copyOfSide(side, round, round * spanMs);
      if (round === Math.floor(rounds / 2)) task = copy.anyTask;
      const added = await addCopy(made, entry, copy.bytes, segments.length, round * spanMs);
      realKeys[added.key] = entry.key;
      segments.push(added);
    }
  }
  const totals = { ...manifest.totals, records: manifest.totals.records * rounds };
  const all: Manifest = manifestAfter({ ...emptyManifest(manifest.logs), totals }, Date.now(), { segments });
  await made.put(manifestKey(all.number), serializeManifest(all));
  return {
    sides: made.url,
    rows: real.url,
    realKeys,
    records: totals.records,
    segments: segments.length,
    sideBytes: segments.reduce((sum, entry) => sum + entry.side.sizeBytes, 0),
    firstMs: Math.min(...segments.map(({ minTs }) => minTs)),
    lastMs: Math.max(...segments.map(({ maxTs }) => maxTs)),
    task,
  };
}

/** A side with ids that no other round has, and at another time. */
function copyOfSide(
  side: Buffer,
  round: number,
  shiftMs: number,
): { readonly bytes: Buffer; readonly anyTask: string } {
  const tail = side.length - blockMagic.length - 4;
  const start = tail - side.readUInt32LE(tail);
  const blocks = parseDirectory(zstdDecompressSync(side.subarray(start, tail)).toString()) ?? [];
  const parts: Uint8Array[] = [Buffer.from(blockMagic)];
  const copied: BlockInfo[] = [];
  let offset = blockMagic.length;
  const bytesOf = ({ offset: at, storedBytes }: BlockInfo) => side.subarray(at, at + storedBytes);
  const blockOf = (name: string) => blocks.find((block) => block.name === name);
  const ids = idsOf(blockOf('task'), blockOf('task.length'), bytesOf, round);
  const { sorted, places } = orderHashes(ids.hashes);
  const put = (block: BlockInfo, stored: Uint8Array) => {
    const check = block.isCompressed ? {} : { crc32: crc32(stored) };
    copied.push({ ...block, ...check, offset, storedBytes: stored.length });
    parts.push(stored);
    offset += stored.length;
  };
  for (const block of blocks) {
    if (block.name === 'task') put(block, zstdCompressSync(ids.bytes));
    else if (block.name === 'task.sorted') put(block, bytesOfWords(sorted));
    else if (block.name === 'task.place') put(block, bytesOfWords(places));
    else if (block.name === 'last' || block.name === 'failures.ts') {
      put({ ...block, base: (block.base ?? 0) + shiftMs }, bytesOf(block));
    } else put(block, bytesOf(block));
  }
  const directory = zstdCompressSync(JSON.stringify(copied));
  const end = Buffer.alloc(4 + blockMagic.length);
  end.writeUInt32LE(directory.length);
  end.write(blockMagic, 4);
  return { bytes: Buffer.concat([...parts, directory, end]), anyTask: ids.any };
}

function bytesOfWords({ buffer, byteOffset, byteLength }: Uint16Array | Uint32Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}

function idsOf(
  texts: BlockInfo | undefined,
  lengths: BlockInfo | undefined,
  bytesOf: (block: BlockInfo) => Buffer,
  round: number,
) {
  if (!texts || !lengths) throw new Error('the side of a real segment lacks its ids');
  const raw = ({ isCompressed }: BlockInfo, stored: Buffer) => (isCompressed ? zstdDecompressSync(stored) : stored);
  const bytes = Buffer.from(raw(texts, bytesOf(texts)));
  const each = raw(lengths, bytesOf(lengths));
  const hashes = new Uint32Array(lengths.count);
  let [at, any] = [0, ''];
  for (let task = 0; task < lengths.count; task++) {
    // The generator's ids are short: a byte holds the length.
    const end = at + (each[task] ?? 0) + (lengths.base ?? 0);
    bytes.write(round.toString(16).padStart(3, '0'), at);
    hashes[task] = idHash(bytes, at, end);
    if (task === lengths.count >> 1) any = bytes.toString('utf8', at, end);
    at = end;
  }
  return { bytes, hashes, any };
}

async function addCopy(
  store: FileStore,
  entry: SegmentEntry,
  side: Buffer,
  number: number,
  shiftMs: number,
): Promise<SegmentEntry> {
  const [key, sideKey] = [`segments/${number}.parquet`, `sides/${number}.side`];
  const file = fileOf(store, sideKey);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, side);
  const sha256 = createHash('sha256').update(side).digest('hex');
  return {
    ...entry,
    key,
    minTs: entry.minTs + shiftMs,
    maxTs: entry.maxTs + shiftMs,
    side: { ...entry.side, key: sideKey, sizeBytes: side.length, sha256 },
  };
}

/** What a reader asks of it is counted, and is not a file on this machine to it: as of S3. */
export class CountingStore implements ObjectStore {
  readonly url = 's3://synthetic/index';
  readonly #sides: FileStore;
  readonly #rows: FileStore;
  readonly #realKeys: Readonly<Record<string, string>>;
  #requests = 0;
  #bytes = 0;

  constructor({ sides, rows, realKeys }: SyntheticIndex) {
    this.#sides = new FileStore(sides);
    this.#rows = new FileStore(rows);
    this.#realKeys = realKeys;
  }

  /** Since it was called last. */
  takeCounts(): { readonly requests: number; readonly bytes: number } {
    const counts = { requests: this.#requests, bytes: this.#bytes };
    [this.#requests, this.#bytes] = [0, 0];
    return counts;
  }

  async *list(...args: Parameters<ObjectStore['list']>): AsyncIterable<ObjectInfo> {
    this.#requests += 1;
    yield* this.#sides.list(...args);
  }

  async listFolders(...args: Parameters<ObjectStore['listFolders']>): Promise<string[]> {
    this.#requests += 1;
    return await this.#sides.listFolders(...args);
  }

  async head(...args: Parameters<ObjectStore['head']>): Promise<ObjectInfo | undefined> {
    this.#requests += 1;
    return await this.#sides.head(...args);
  }

  async get(key: string, options: Parameters<ObjectStore['get']>[1] = {}): Promise<StoredObject | undefined> {
    this.#requests += 1;
    const realKey = this.#realKeys[key];
    const object = await (realKey === undefined ? this.#sides.get(key, options) : this.#rows.get(realKey, options));
    const { start = 0, end = object?.info.sizeBytes ?? 0 } = options.range ?? {};
    this.#bytes += end - start;
    return object;
  }

  put(...args: Parameters<ObjectStore['put']>): ReturnType<ObjectStore['put']> {
    return this.#sides.put(...args);
  }

  async delete(...args: Parameters<ObjectStore['delete']>): Promise<void> {
    await this.#sides.delete(...args);
  }

  async close(): Promise<void> {
    await this.#sides.close();
  }
}

function fileOf(store: FileStore, key: string): string {
  return join(fileURLToPath(store.url), ...key.split('/'));
}
