/**
 * Ships a process's task log: batches of records as `dt=…/hr=…/<process>-<epoch ms>-<sequence>.ndjson.gz` under the log
 * root. A batch that cannot be stored is tried again, in order, for ever; writers feel it as back-pressure.
 */

import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { JsonObject } from '../model/json.ts';
import { logObjectKey } from '../logs/logLayout.ts';
import type { ObjectStore } from '../store/objectStore.ts';

const compress = promisify(gzip);

export interface LogShipperOptions {
  /** Rooted at the log root. */
  readonly logs: ObjectStore;
  /** Unique among all processes that ship here at the same time. */
  readonly process: string;
  /** Longest wait of a record before its batch leaves. */
  readonly shipMs: number;
  readonly nowMs: () => number;
  /** Told of each failed attempt to store a batch. */
  readonly onProblem: (error: unknown) => void;
  readonly maxBatchBytes?: number;
  /** From here on `ready` waits. */
  readonly maxBufferedBytes?: number;
  readonly retryMs?: number;
}

/** Records could not be shipped before the process had to end. */
export class UnshippedRecordsError extends Error {
  override readonly name = 'UnshippedRecordsError';
}

interface Waiter {
  readonly upTo: number;
  readonly resolve: () => void;
}

export class LogShipper {
  readonly #options: Required<LogShipperOptions>;
  #lines: string[] = [];
  #lineBytes = 0;
  #inFlightBytes = 0;
  /** How many records have been appended, and how many of them stored. */
  #appended = 0;
  #stored = 0;
  #sequence = 0;
  #waiters: Waiter[] = [];
  #readyWaiters: (() => void)[] = [];
  #timer: NodeJS.Timeout | undefined;
  #isShipping = false;
  readonly #given = new AbortController();

  constructor(options: LogShipperOptions) {
    this.#options = { maxBatchBytes: 1 << 20, maxBufferedBytes: 8 << 20, retryMs: 200, ...options };
  }

  /** Takes a record; it is shipped later. Whoever writes many awaits `ready` in between. */
  append(record: JsonObject): void {
    const line = `${JSON.stringify(record)}\n`;
    this.#lines.push(line);
    this.#lineBytes += Buffer.byteLength(line);
    this.#appended++;
    if (this.#lineBytes >= this.#options.maxBatchBytes) this.#start();
    else this.#timer ??= setTimeout(() => this.#start(), this.#options.shipMs);
  }

  /** Resolves once there is room in the buffer again. */
  async ready(): Promise<void> {
    while (this.#lineBytes + this.#inFlightBytes >= this.#options.maxBufferedBytes) {
      await new Promise<void>((resolve) => this.#readyWaiters.push(resolve));
    }
  }

  /** Resolves once every record appended so far is stored. */
  async flush(): Promise<void> {
    if (this.#stored === this.#appended) return;
    const upTo = this.#appended;
    const stored = new Promise<void>((resolve) => this.#waiters.push({ upTo, resolve }));
    this.#start();
    await stored;
  }

  /**
   * Ships what is left.
   * @throws UnshippedRecordsError when that took longer than `deadlineMs`
   */
  async close(deadlineMs = 10_000): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const deadline = new Promise<'late'>((resolve) => {
      timer = setTimeout(() => resolve('late'), deadlineMs);
    });
    try {
      const outcome = await Promise.race([this.flush(), deadline]);
      if (outcome !== 'late') return;
      const left = this.#appended - this.#stored;
      this.#given.abort();
      throw new UnshippedRecordsError(`${left} task log records could not be stored within ${deadlineMs} ms`);
    } finally {
      clearTimeout(timer);
      clearTimeout(this.#timer);
    }
  }

  #start(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (!this.#isShipping) void this.#ship();
  }

  /** Never rejects. */
  async #ship(): Promise<void> {
    this.#isShipping = true;
    while (this.#lines.length > 0 && !this.#given.signal.aborted) {
      const lines = this.#lines;
      this.#inFlightBytes = this.#lineBytes;
      this.#lines = [];
      this.#lineBytes = 0;
      const key = logObjectKey(this.#options.process, this.#options.nowMs(), this.#sequence++);
      const body = await compress(lines.join(''));
      if (!(await this.#store(key, body))) break;
      this.#inFlightBytes = 0;
      this.#stored += lines.length;
      this.#release();
    }
    this.#isShipping = false;
  }

  async #store(key: string, body: Uint8Array): Promise<boolean> {
    for (let tries = 0; !this.#given.signal.aborted; tries++) {
      try {
        // `refused` means that an earlier try arrived after all: nobody else uses this key.
        await this.#options.logs.put(key, body, { onlyIf: 'absent', contentType: 'application/x-ndjson' });
        return true;
      } catch (error) {
        this.#options.onProblem(error);
        await this.#pause(Math.min(this.#options.retryMs * 2 ** tries, 10_000) * (0.5 + Math.random() / 2));
      }
    }
    return false;
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const { signal } = this.#given;
      const done = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      signal.addEventListener('abort', done);
    });
  }

  #release(): void {
    this.#waiters = this.#waiters.filter(({ upTo, resolve }) => {
      if (upTo > this.#stored) return true;
      resolve();
      return false;
    });
    for (const resolve of this.#readyWaiters.splice(0)) resolve();
  }
}
