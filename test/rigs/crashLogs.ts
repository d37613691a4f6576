/** Writes the logs of a crash run: new, late, rewritten, damaged and unreadable objects, and knows what an index must make of each. */

import { gzipSync, zstdCompressSync } from 'node:zlib';
import type { ObjectStore } from '../../src/store/objectStore.ts';
import { StoreError } from '../../src/store/storeError.ts';
import { aroundStore } from './aroundStore.ts';
import { seededRandom } from './seededRandom.ts';

export interface ExpectedLine {
  readonly offsetBytes: number;
  readonly text: string;
  readonly kind: 'record' | 'rejected';
}

export interface ExpectedObject {
  readonly key: string;
  readonly lines: readonly ExpectedLine[];
  /**
   * `whole`: each line is accounted for. `cut`: from some line on, one reject stands for all of them. `end`: one reject comes
   * after the last line. `unreadable`: one reject, and no line.
   */
  readonly extent: 'whole' | 'cut' | 'end' | 'unreadable';
}

/** The log root as indexers see it: some objects are refused to them. */
export function withUnreadable(logs: ObjectStore): ObjectStore {
  return aroundStore(logs, (request, key) => {
    if (request === 'get' && isUnreadable(key)) throw new StoreError('denied', `'${key}' may not be read.`);
  });
}

function isUnreadable(key: string): boolean {
  return key.includes('unreadable');
}

type Shape = 'sound' | 'badLines' | 'truncated' | 'badChecksum' | 'badMember' | 'empty';

const hourMs = 3_600_000;

export class CrashLogs {
  readonly #store: ObjectStore;
  readonly #random: () => number;
  readonly #objects = new Map<string, ExpectedObject>();
  #written = 0;
  rewrites = 0;

  constructor(store: ObjectStore, seed: number) {
    this.#store = store;
    this.#random = seededRandom(seed);
  }

  get objects(): readonly ExpectedObject[] {
    return [...this.#objects.values()];
  }

  /** Puts an object, or one that is there anew. */
  async write(): Promise<void> {
    const isRewrite = this.#objects.size > 0 && this.#random() < 0.15;
    const key = isRewrite ? this.#someKey() : this.#newKey();
    if (isRewrite) this.rewrites += 1;
    this.#written += 1;
    const shape = this.#shapeOf(key);
    const lines = this.#lines(key, shape);
    const text = Buffer.concat(lines.map((line) => line.bytes));
    // Known before it can be indexed, and the store's own from when it can be.
    await this.#store.put(key, this.#encoded(key, shape, text, lines));
    this.#objects.set(key, {
      key,
      lines: lines.map(({ offsetBytes, text: line, kind }) => ({ offsetBytes, text: line, kind })),
      extent: isUnreadable(key)
        ? 'unreadable'
        : shape === 'truncated'
          ? 'cut'
          : shape === 'badChecksum' || shape === 'badMember'
            ? 'end'
            : 'whole',
    });
  }

  #pick(count: number): number {
    return Math.floor(this.#random() * count);
  }

  #someKey(): string {
    return [...this.#objects.keys()][this.#pick(this.#objects.size)] ?? this.#newKey();
  }

  /** Mostly in the present hour; some late by hours, some by days, some outside any partition. */
  #newKey(): string {
    const kind = this.#random();
    const lateMs = kind < 0.7 ? 0 : kind < 0.85 ? this.#pick(4) * hourMs : this.#pick(40 * 24) * hourMs;
    const [date = '', time = ''] = new Date(Date.now() - lateMs).toISOString().split('T');
    const folder = kind > 0.95 ? 'loose/' : `dt=${date}/hr=${time.slice(0, 2)}/`;
    const suffix = ['.ndjson', '.ndjson.gz', '.ndjson.gz', '.ndjson.zst'][this.#pick(4)];
    const name = this.#random() < 0.04 ? 'unreadable' : `w-${this.#pick(100)}`;
    return `${folder}${name}-${this.#written}${suffix}`;
  }

  #shapeOf(key: string): Shape {
    const kind = this.#random();
    if (kind < 0.1) return 'badLines';
    if (kind < 0.14) return 'empty';
    if (kind < 0.22 && !key.endsWith('.ndjson')) return 'truncated';
    if (kind < 0.28 && key.endsWith('.gz')) return this.#random() < 0.5 ? 'badChecksum' : 'badMember';
    return 'sound';
  }

  #lines(key: string, shape: Shape): (ExpectedLine & { readonly bytes: Buffer })[] {
    const lines: (ExpectedLine & { readonly bytes: Buffer })[] = [];
    let offsetBytes = 0;
    const count = shape === 'empty' ? 0 : 1 + this.#pick(12);
    for (let at = 0; at < count; at++) {
      const isBad = shape === 'badLines' && this.#random() < 0.4;
      const text = isBad ? this.#badLine() : JSON.stringify(this.#record(key, at));
      const bytes = Buffer.concat([
        text === notUtf8 ? Buffer.from([0x22, 0xff, 0xfe, 0x22]) : Buffer.from(text),
        newline,
      ]);
      lines.push({ offsetBytes, text, kind: isBad ? 'rejected' : 'record', bytes });
      offsetBytes += bytes.length;
    }
    return lines;
  }

  #badLine(): string {
    const lines = ['{"ts":1', 'Segmentation fault', '[1,2]', '{"ts":"not a time"}', '{"task":"t"}', notUtf8];
    return lines[this.#pick(lines.length)] ?? notUtf8;
  }

  #record(key: string, at: number): object {
    const task = `task-${this.#pick(200)}`;
    const kind = this.#random();
    return {
      // From a skewed clock, now and then.
      ts: new Date(Date.now() - this.#pick(10) * 1000 - (kind < 0.02 ? 40 * 24 * hourMs : 0)).toISOString(),
      event: kind < 0.3 ? 'attempt.started' : kind < 0.4 ? 'attempt.failed' : kind < 0.5 ? 'task.succeeded' : 'log',
      task,
      attempt: 1 + this.#pick(3),
      worker: `w-${this.#pick(9)}`,
      message: `${key} as written in step ${this.#written}`,
      ...(kind < 0.4 && kind >= 0.3 ? { error: { type: 'TypeError', message: 'x is undefined' } } : {}),
      place: { at, step: this.#written, text: 'x'.repeat(this.#pick(200)) },
    };
  }

  #encoded(key: string, shape: Shape, text: Buffer, lines: readonly { readonly bytes: Buffer }[]): Buffer {
    if (key.endsWith('.zst')) return cutShort(zstdCompressSync(text), shape, this.#random());
    if (!key.endsWith('.gz')) return text;
    if (shape === 'empty') return Buffer.alloc(0);
    if (shape !== 'truncated' && this.#random() < 0.3) {
      // A member for each line, as of a file that is appended to. (Cut between members it would look whole.)
      const members = lines.map((line) => gzipSync(line.bytes));
      return damaged(Buffer.concat(members), shape, this.#random());
    }
    return damaged(gzipSync(text), shape, this.#random());
  }
}

const newline = Buffer.from('\n');
/** Stands for bytes that are no text. */
const notUtf8 = 'not UTF-8';

function damaged(gzip: Buffer, shape: Shape, at: number): Buffer {
  if (shape === 'badMember') return Buffer.concat([gzip, Buffer.from('no gzip data')]);
  if (shape === 'badChecksum') {
    const spoilt = Buffer.from(gzip);
    spoilt.writeUInt32LE((spoilt.readUInt32LE(spoilt.length - 8) ^ 0x5a5a5a5a) >>> 0, spoilt.length - 8);
    return spoilt;
  }
  return cutShort(gzip, shape, at);
}

function cutShort(bytes: Buffer, shape: Shape, at: number): Buffer {
  return shape === 'truncated' ? bytes.subarray(0, 1 + Math.floor(at * (bytes.length - 2))) : bytes;
}
