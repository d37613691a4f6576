/** The log objects that a pass has to read, handed out in runs that are about one batch each: neighbours belong in one segment. */

import type { ObjectInfo } from '../store/objectStore.ts';

/** Stored bytes of a record, until some were read: compressed, as log shippers do. */
const usualBytesPerRecord = 42;

export class PendingObjects {
  readonly total: number;
  /** Stored bytes of all that were pending at first. */
  readonly bytes: number;
  readonly #objects: ObjectInfo[];
  #bytesPerRecord = usualBytesPerRecord;

  constructor(objects: readonly ObjectInfo[]) {
    this.#objects = [...objects];
    this.total = objects.length;
    this.bytes = objects.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  }

  /** The next run of about so many records; empty when there are no more objects. */
  take(records: number): ObjectInfo[] {
    let count = 0;
    for (let bytes = 0; count < this.#objects.length && bytes < records * this.#bytesPerRecord; count++) {
      bytes += this.#objects[count]?.sizeBytes ?? 0;
    }
    return this.#objects.splice(0, count);
  }

  /** Takes back the end of a run. */
  putBack(objects: readonly ObjectInfo[]): void {
    this.#objects.unshift(...objects);
  }

  /** What was read tells how large the next runs should be. */
  learn(read: { readonly records: number; readonly bytes: number }): void {
    if (read.records > 0) this.#bytesPerRecord = Math.max(1, read.bytes / read.records);
  }
}
