/**
 * What a coordinator must not forget of one source, in `checkpoints/<source>.json`: which objects are done with, and
 * which were in process. Written with the ETag of the last write, so that of two owners only one goes on.
 */

import { isJsonObject, type JsonObject, parseJson } from '../../model/json.ts';
import type { ObjectStore } from '../../store/objectStore.ts';
import { readObjectText } from '../readObjectText.ts';
import { type Source, sourceId } from '../source.ts';

/** An object that needs no further attempt, at this ETag. */
export interface DoneObject {
  readonly etag: string;
  readonly status: 'succeeded' | 'failed';
  readonly docs: number;
  readonly bytes: number;
}

export interface InProcessObject {
  readonly etag: string;
  /** The last one handed out. */
  readonly attempt: number;
  /** Absent when that attempt had ended and the task waited for the next. */
  readonly worker?: string;
}

export interface CheckpointState {
  /** By key within the source. */
  readonly done: ReadonlyMap<string, DoneObject>;
  readonly inProcess: ReadonlyMap<string, InProcessObject>;
}

export interface WrittenCheckpoint {
  readonly ts: number;
  readonly epoch: number;
  readonly etag: string;
}

/** Somebody else writes this source's checkpoint: this coordinator owns it no longer. */
export class OwnershipLostError extends Error {
  override readonly name = 'OwnershipLostError';
}

/** One source's checkpoint, held by its owner from `open` until a write is refused. */
export class Checkpoint {
  readonly #store: ObjectStore;
  readonly #source: Source;
  readonly #coordinator: string;
  readonly #nowMs: () => number;
  readonly epoch: number;
  /** As the previous owner left it. */
  readonly resumed: CheckpointState;
  #written: WrittenCheckpoint;

  private constructor(options: CheckpointOptions, epoch: number, resumed: CheckpointState, written: WrittenCheckpoint) {
    this.#store = options.store;
    this.#source = options.source;
    this.#coordinator = options.coordinator;
    this.#nowMs = options.nowMs;
    this.epoch = epoch;
    this.resumed = resumed;
    this.#written = written;
  }

  /**
   * Takes the source over: reads what the previous owner left and writes it back under the next epoch.
   * @throws OwnershipLostError when others keep taking it at the same time; StoreError; Error for a damaged checkpoint,
   *   which is never overwritten
   */
  static async open(options: CheckpointOptions): Promise<Checkpoint> {
    const key = checkpointKey(options.source);
    for (let tries = 0; tries < 5; tries++) {
      const previous = await options.store.get(key, options.signal ? { signal: options.signal } : {});
      const text = previous && (await readObjectText(previous));
      const parsed = text === undefined ? { epoch: 0, state: emptyState } : parseCheckpoint(key, text);
      const epoch = parsed.epoch + 1;
      const ts = options.nowMs();
      const body = serialize(options.source, options.coordinator, epoch, ts, parsed.state);
      const result = await options.store.put(key, body, {
        onlyIf: previous ? { etag: previous.info.etag } : 'absent',
        contentType: 'application/json',
        ...(options.signal ? { signal: options.signal } : {}),
      });
      if (result.kind === 'stored')
        return new Checkpoint(options, epoch, parsed.state, { ts, epoch, etag: result.etag });
    }
    throw new OwnershipLostError(`${key} changed each time it was taken over`);
  }

  get written(): WrittenCheckpoint {
    return this.#written;
  }

  /** @throws OwnershipLostError when another owner has written since; StoreError, after which it can be tried again */
  async write(state: CheckpointState, signal?: AbortSignal): Promise<void> {
    const ts = this.#nowMs();
    const key = checkpointKey(this.#source);
    const body = serialize(this.#source, this.#coordinator, this.epoch, ts, state);
    const result = await this.#store.put(key, body, {
      onlyIf: { etag: this.#written.etag },
      contentType: 'application/json',
      ...(signal ? { signal } : {}),
    });
    if (result.kind === 'refused' && !(await this.#isOwn(key, body))) {
      throw new OwnershipLostError(`${key} was written by another owner`);
    }
    const etag = result.kind === 'stored' ? result.etag : (await this.#store.head(key, signal))?.etag;
    if (etag === undefined) throw new OwnershipLostError(`${key} was deleted`);
    this.#written = { ts, epoch: this.epoch, etag };
  }

  /** A write whose answer got lost is refused when repeated: what is there then is our own. */
  async #isOwn(key: string, body: Uint8Array): Promise<boolean> {
    const current = await this.#store.get(key);
    if (!current) return false;
    const owner = ownerOf(await readObjectText(current));
    const own = ownerOf(Buffer.from(body).toString());
    return owner !== undefined && owner.epoch === own?.epoch && owner.coordinator === own.coordinator;
  }
}

interface CheckpointOptions {
  readonly store: ObjectStore;
  readonly source: Source;
  readonly coordinator: string;
  readonly nowMs: () => number;
  readonly signal?: AbortSignal;
}

const emptyState: CheckpointState = { done: new Map(), inProcess: new Map() };

export function checkpointKey(source: Source): string {
  return `checkpoints/${sourceId(source)}.json`;
}

function serialize(source: Source, coordinator: string, epoch: number, ts: number, state: CheckpointState): Uint8Array {
  const { account, collection, source: name, url } = source;
  return Buffer.from(
    `${JSON.stringify({
      version: 1,
      account,
      collection,
      source: name,
      url,
      owner: { coordinator, epoch },
      writtenTs: new Date(ts).toISOString(),
      done: Object.fromEntries(state.done),
      inProcess: Object.fromEntries(state.inProcess),
    })}\n`,
  );
}

function ownerOf(text: string): { readonly coordinator: string; readonly epoch: number } | undefined {
  const json = parseJson(text);
  const owner = isJsonObject(json) ? json['owner'] : undefined;
  if (!isJsonObject(owner)) return undefined;
  const { coordinator, epoch } = owner;
  return typeof coordinator === 'string' && typeof epoch === 'number' ? { coordinator, epoch } : undefined;
}

function parseCheckpoint(key: string, text: string): { readonly epoch: number; readonly state: CheckpointState } {
  const json = parseJson(text);
  const owner = ownerOf(text);
  if (!isJsonObject(json) || json['version'] !== 1 || !owner) throw new Error(`${key} is no checkpoint of version 1`);
  const done = new Map(entriesOf(json['done'], isDoneObject, `${key}: done`));
  const inProcess = new Map(entriesOf(json['inProcess'], isInProcessObject, `${key}: inProcess`));
  return { epoch: owner.epoch, state: { done, inProcess } };
}

function entriesOf<T>(value: unknown, accepts: (entry: unknown) => entry is T, path: string): [string, T][] {
  if (!isJsonObject(value)) throw new Error(`${path} is no object`);
  return Object.entries(value).map(([key, entry]) => {
    if (!accepts(entry)) throw new Error(`${path}[${JSON.stringify(key)}] is not as a checkpoint of version 1 has it`);
    return [key, entry];
  });
}

function isDoneObject(entry: unknown): entry is JsonObject & DoneObject {
  return (
    isJsonObject(entry) &&
    typeof entry['etag'] === 'string' &&
    (entry['status'] === 'succeeded' || entry['status'] === 'failed') &&
    typeof entry['docs'] === 'number' &&
    typeof entry['bytes'] === 'number'
  );
}

function isInProcessObject(entry: unknown): entry is JsonObject & InProcessObject {
  return (
    isJsonObject(entry) &&
    typeof entry['etag'] === 'string' &&
    typeof entry['attempt'] === 'number' &&
    (entry['worker'] === undefined || typeof entry['worker'] === 'string')
  );
}
