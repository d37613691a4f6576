/** A source that this coordinator owns: its objects as listed, which of them are done, and the checkpoint of that. */

import type { ObjectInfo, ObjectStore } from '../../store/objectStore.ts';
import { objectName, type Source, sourceId } from '../source.ts';
import type { Checkpoint, DoneObject, InProcessObject, WrittenCheckpoint } from './checkpoint.ts';
import type { HeldTask, SourceObject, TaskTable } from './taskTable.ts';

export class OwnedSource {
  readonly id: string;
  source: Source;
  /** Rooted at the source's own folder. */
  readonly objects: ObjectStore;
  readonly #checkpoint: Checkpoint;
  readonly #storeUrl: string;
  readonly #done: Map<string, DoneObject>;
  /** ETag of each object as last seen: only its task decides what is done. */
  readonly #seen = new Map<string, string>();
  #dirty = false;
  listed = false;

  constructor(source: Source, objects: ObjectStore, checkpoint: Checkpoint, storeUrl: string) {
    this.id = sourceId(source);
    this.source = source;
    this.objects = objects;
    this.#checkpoint = checkpoint;
    this.#storeUrl = storeUrl;
    this.#done = new Map(checkpoint.resumed.done);
  }

  get epoch(): number {
    return this.#checkpoint.epoch;
  }

  get lastCheckpoint(): WrittenCheckpoint {
    return this.#checkpoint.written;
  }

  /** Objects that were ingested, and that never will be. */
  get doneCounts(): { readonly ingested: number; readonly failed: number } {
    let failed = 0;
    for (const object of this.#done.values()) if (object.status === 'failed') failed++;
    return { ingested: this.#done.size - failed, failed };
  }

  /** Lists the source and hands the table every object that is not done with. */
  async list(table: TaskTable, signal: AbortSignal): Promise<void> {
    for await (const info of this.objects.list({ signal })) {
      this.#seen.set(info.key, info.etag);
      if (this.#done.get(info.key)?.etag === info.etag) continue;
      const left = this.#checkpoint.resumed.inProcess.get(info.key);
      table.add(this.source, this.#sourceObject(info), this.epoch, left?.etag === info.etag ? left : undefined);
    }
    this.listed = true;
  }

  #sourceObject(info: ObjectInfo): SourceObject {
    return {
      objectKey: info.key,
      key: objectName(this.#storeUrl, this.source, info.key),
      etag: info.etag,
      sizeBytes: info.sizeBytes,
      lastModifiedMs: info.lastModifiedMs,
    };
  }

  /** Takes note of what has become of a task. */
  taskChanged(task: HeldTask): void {
    const { objectKey, etag } = task.object;
    if (this.#seen.get(objectKey) !== etag) return;
    this.#dirty = true;
    if (task.state.kind === 'succeeded') {
      const { docs, bytes } = task.state.result;
      this.#done.set(objectKey, { etag, status: 'succeeded', docs, bytes });
    } else if (task.state.kind === 'failed') {
      this.#done.set(objectKey, { etag, status: 'failed', docs: 0, bytes: 0 });
    }
  }

  /**
   * Writes the checkpoint if anything has changed. Before it is written, `shipped` must have made the log records of
   * what it holds durable: else a crash in between would leave a task done that no log tells the end of.
   * @throws OwnershipLostError, StoreError
   */
  async save(table: TaskTable, shipped: () => Promise<void>): Promise<void> {
    if (!this.#dirty) return;
    this.#dirty = false;
    const state = { done: new Map(this.#done), inProcess: this.#inProcess(table) };
    try {
      await shipped();
      await this.#checkpoint.write(state);
    } catch (error) {
      this.#dirty = true;
      throw error;
    }
  }

  #inProcess(table: TaskTable): Map<string, InProcessObject> {
    const inProcess = new Map<string, InProcessObject>();
    for (const { source, object, attempt, state } of table.held()) {
      if (attempt === 0 || sourceId(source) !== this.id || this.#seen.get(object.objectKey) !== object.etag) continue;
      if (state.kind === 'leased')
        inProcess.set(object.objectKey, { etag: object.etag, attempt, worker: state.worker });
      else if (state.kind === 'waiting') inProcess.set(object.objectKey, { etag: object.etag, attempt });
    }
    return inProcess;
  }
}
