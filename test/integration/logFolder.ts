/** A log root in a temporary folder, written as log shippers do. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { logObjectKey } from '../../src/logs/logLayout.ts';
import type { Json } from '../../src/model/json.ts';
import { FileStore } from '../../src/store/fileStore.ts';

export type LogFields = { readonly ts: number } & { readonly [name: string]: Json };

export class LogFolder implements AsyncDisposable {
  readonly path: string;
  readonly logs: FileStore;
  #sequence = 0;

  static async create(): Promise<LogFolder> {
    return new LogFolder(await mkdtemp(join(tmpdir(), 'ingest-trace-logs-')));
  }

  constructor(path: string) {
    this.path = path;
    this.logs = new FileStore(this.urlOf('logs'));
  }

  urlOf(folder: string): string {
    return pathToFileURL(join(this.path, folder)).href;
  }

  /** One object, shipped when its last record was written. */
  async ship(...records: readonly LogFields[]): Promise<string> {
    const shippedMs = Math.max(...records.map(({ ts }) => ts));
    const key = logObjectKey('w-1', shippedMs, ++this.#sequence);
    await this.put(key, records.map((record) => `${JSON.stringify(record)}\n`).join(''));
    return key;
  }

  async put(key: string, text: string): Promise<void> {
    await this.logs.put(key, key.endsWith('.gz') ? gzipSync(text) : Buffer.from(text));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
  }
}

/** The records of one task of one attempt that ends at `endMs`, and its log line. */
export function taskRecords(
  task: string,
  endMs: number,
  options: { readonly failed?: boolean; readonly account?: string; readonly tookMs?: number } = {},
): LogFields[] {
  const { failed = false, account = 'acme', tookMs = 3000 } = options;
  const startMs = endMs - tookMs;
  const error = {
    type: 'TimeoutError',
    message: 'read timed out',
    stack: 'TimeoutError: read timed out\n    at f (src/a.ts:1:1)',
  };
  return [
    { ts: startMs, task, event: 'task.created', account, collection: 'orders', source: 's3', coordinator: 'c-1' },
    { ts: startMs + 1, task, event: 'attempt.started', attempt: 1, worker: 'w-1' },
    { ts: startMs + 2, task, message: `reading ${task}`, worker: 'w-1', http: { status: failed ? 503 : 200 } },
    failed
      ? { ts: endMs, task, event: 'task.failed', attempt: 1, worker: 'w-1', error }
      : { ts: endMs, task, event: 'task.succeeded', attempt: 1, worker: 'w-1', docs: 5, bytes: 100 },
  ];
}
