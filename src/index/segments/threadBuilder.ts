/** A segment builder at work in a thread of its own, so that several processors read logs at once. */

import { setFlagsFromString } from 'node:v8';
import { Worker } from 'node:worker_threads';
import type { FromBuilder, ToBuilder } from './builderMessages.ts';
import type { BuilderOptions, ObjectRead, SegmentBuilding } from './segmentBuilder.ts';
import type { LocalSegment } from './segmentWriter.ts';

/** Chunks are small; so much travels at once. */
const messageBytes = 512 * 1024;
/** Messages under way: enough that the thread need not wait, and no more. */
const maxUnderWay = 4;
/**
 * Most of what a thread allocates are texts and columns outside of the heap, which count for it. Left to itself the collector goes through a
 * heap of 10 MB each time that some 20 MB of these came: sixty times in a million records, half a microsecond for each of them.
 */
const collectedFromMb = 256;
/** Records come and go quickly: room for them spares half of the garbage collector's work. */
const resourceLimits = { maxYoungGenerationSizeMb: 64 };

interface Waiting {
  readonly resolve: (answer: FromBuilder) => void;
  readonly reject: (error: unknown) => void;
}

/** One thread, for one builder after the other. */
export class BuilderThread {
  readonly #worker: Worker;
  readonly #waiting: Waiting[] = [];
  #failure: { readonly error: unknown } | undefined;

  constructor() {
    // In a bundle the module lies beside this one under the name of its entry.
    const name = import.meta.url.endsWith('.ts') ? './builderThread.ts' : './builderThread.mjs';
    // Of threads that start from now on.
    setFlagsFromString(`--initial-old-space-size=${collectedFromMb}`);
    this.#worker = new Worker(new URL(name, import.meta.url), { resourceLimits });
    // Nobody waits for a thread that has nothing to do.
    this.#worker.unref();
    this.#worker.on('message', (answer: FromBuilder) => {
      const waiting = this.#waiting.shift();
      if (answer.kind === 'failed') waiting?.reject(answer.error);
      else waiting?.resolve(answer);
    });
    this.#worker.on('error', (error) => this.#fail(error));
    this.#worker.on('exit', (code) => this.#fail(new Error(`the thread that builds segments ended with ${code}`)));
  }

  open(options: BuilderOptions): ThreadBuilder {
    this.tell({ kind: 'open', options });
    return new ThreadBuilder(this);
  }

  tell(message: ToBuilder, transfer: readonly ArrayBuffer[] = []): void {
    this.#worker.postMessage(message, transfer);
  }

  /** Rejects with what went wrong there. */
  async ask(message: ToBuilder, transfer: readonly ArrayBuffer[] = []): Promise<FromBuilder> {
    if (this.#failure) throw this.#failure.error;
    return await new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#worker.ref();
      this.tell(message, transfer);
    }).then(
      (answer) => this.#done(answer as FromBuilder),
      (error: unknown) => {
        this.#done(undefined);
        throw error;
      },
    );
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }

  #done<T>(answer: T): T {
    if (this.#waiting.length === 0) this.#worker.unref();
    return answer;
  }

  #fail(error: unknown): void {
    this.#failure ??= { error };
    for (const waiting of this.#waiting.splice(0)) waiting.reject(error);
  }
}

class ThreadBuilder implements SegmentBuilding {
  readonly #thread: BuilderThread;
  #chunks: Uint8Array[] = [];
  #heldBytes = 0;
  readonly #underWay = new Set<Promise<void>>();
  #failure: { readonly error: unknown } | undefined;

  constructor(thread: BuilderThread) {
    this.#thread = thread;
  }

  begin(key: string, version: string): void {
    this.#chunks = [];
    this.#heldBytes = 0;
    this.#thread.tell({ kind: 'begin', key, version });
  }

  async push(chunk: Uint8Array): Promise<void> {
    this.#chunks.push(chunk);
    this.#heldBytes += chunk.length;
    if (this.#heldBytes >= messageBytes) this.#send();
    while (this.#underWay.size >= maxUnderWay) await Promise.race(this.#underWay);
    if (this.#failure) throw this.#failure.error;
  }

  async read(key: string, version: string, stored: Uint8Array | undefined): Promise<ObjectRead> {
    const transfer = stored?.buffer instanceof ArrayBuffer ? [stored.buffer] : [];
    return readOf(await this.#thread.ask({ kind: 'read', key, version, stored }, transfer));
  }

  async end(problem?: string): Promise<ObjectRead> {
    if (this.#heldBytes > 0) this.#send();
    const answer = await this.#thread.ask({ kind: 'end', ...(problem === undefined ? {} : { problem }) });
    if (this.#failure) throw this.#failure.error;
    return readOf(answer);
  }

  async finish(): Promise<readonly LocalSegment[]> {
    const answer = await this.#thread.ask({ kind: 'finish' });
    if (answer.kind !== 'finished') throw new Error(`the thread answered ${answer.kind}`);
    return answer.segments;
  }

  async close(): Promise<void> {
    await Promise.all(this.#underWay);
  }

  #send(): void {
    const joined = new Uint8Array(this.#heldBytes);
    let at = 0;
    for (const chunk of this.#chunks) {
      joined.set(chunk, at);
      at += chunk.length;
    }
    this.#chunks = [];
    this.#heldBytes = 0;
    // Whoever pushes next, or ends, hears of a failure.
    const pushed = this.#thread
      .ask({ kind: 'push', chunk: joined }, [joined.buffer])
      .catch((error: unknown) => {
        this.#failure ??= { error };
      })
      .then(() => void this.#underWay.delete(pushed));
    this.#underWay.add(pushed);
  }
}

function readOf(answer: FromBuilder): ObjectRead {
  if (answer.kind !== 'ended') throw new Error(`the thread answered ${answer.kind}`);
  return answer.read;
}
