/** Keeps a running harness busy: lands an object every few seconds, in a bounded ring of keys. */

import type { ObjectStore } from '../store/objectStore.ts';
import { damaged } from './injectFaults.ts';
import { compress, objectBody, readSample, type SampleRows } from './sampleObjects.ts';
import { samples } from './samples.ts';
import { landingUrl, type Source } from './source.ts';

export interface LiveFeedOptions {
  readonly store: ObjectStore;
  readonly samplesDirectory: string;
  /** Whether some objects are damaged. */
  readonly withFaults: boolean;
  readonly everyMs?: number;
  readonly log: (message: string) => void;
}

const fedFiles = ['movies.json', 'flights-2k.json', 'weather.csv', 'airports.csv'];
const source = 'live';
/** Objects of a source before the first is replaced. */
const slots = 12;
const rowsPerObject = 120;
/** So that an object takes seconds, as a large one would. */
const readBytesPerSecond = 6_000;
const faultEvery = 7;

export class LiveFeed {
  readonly sources: readonly Source[];
  readonly #options: LiveFeedOptions;
  readonly #samples: readonly SampleRows[];
  #landed = 0;
  #timer: NodeJS.Timeout | undefined;
  #landing: Promise<void> | undefined;

  private constructor(options: LiveFeedOptions, samples: readonly SampleRows[]) {
    this.#options = options;
    this.#samples = samples;
    this.sources = samples.map(({ sample: { account, collection } }) => ({
      account,
      collection,
      source,
      url: landingUrl(options.store.url, { account, collection, source }),
      readBytesPerSecond,
    }));
  }

  static async open(options: LiveFeedOptions): Promise<LiveFeed> {
    const fed = samples.filter(({ file }) => fedFiles.includes(file));
    return new LiveFeed(options, await Promise.all(fed.map((sample) => readSample(options.samplesDirectory, sample))));
  }

  start(): void {
    this.#timer ??= setInterval(() => {
      // A store that is slow slows the feed down.
      this.#landing ??= this.#land().finally(() => {
        this.#landing = undefined;
      });
    }, this.#options.everyMs ?? 2_500);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#landing;
  }

  async #land(): Promise<void> {
    const number = this.#landed++;
    const rows = this.#samples[number % this.#samples.length];
    if (!rows) return;
    const round = Math.floor(number / this.#samples.length);
    // Coprime with most lengths: what a slot holds differs each time, and with it the task.
    const start = (round * 97) % Math.max(1, rows.rows.length - rowsPerObject);
    const { account, collection, objectFormat } = rows.sample;
    const key = `landing/${account}/${collection}/${source}/feed-${String(round % slots).padStart(2, '0')}.${objectFormat}`;
    const whole = objectBody(rows, start, start + rowsPerObject);
    const isFaulty = this.#options.withFaults && number % faultEvery === faultEvery - 1;
    try {
      if (isFaulty) await this.#options.store.put(`${key}.gz`, damaged(await compress(whole)));
      else await this.#options.store.put(key, whole);
    } catch (error) {
      this.#options.log(`the feed cannot land ${key}: ${String(error)}`);
    }
  }
}
