/** The object store port: what the project needs of S3, a folder or anything else that keeps named bytes. */

export interface ObjectInfo {
  readonly key: string;
  readonly sizeBytes: number;
  /** Changes whenever the content does; opaque, compared whole. */
  readonly etag: string;
  readonly lastModifiedMs: number;
}

export interface ListOptions {
  /** Only keys that start with this; empty lists everything. */
  readonly prefix?: string;
  /** Only keys after this one, in UTF-8 byte order. */
  readonly startAfter?: string;
  /** `level` lists only keys without a `/` after the prefix; `all`, the default, those of every depth. */
  readonly depth?: 'all' | 'level';
  readonly signal?: AbortSignal;
}

/** Bytes of an object: `start` from 0, `end` exclusive; without `end` to the end of the object. */
export interface ByteRange {
  readonly start: number;
  readonly end?: number;
}

export interface GetOptions {
  readonly range?: ByteRange;
  readonly signal?: AbortSignal;
}

export interface StoredObject {
  readonly info: ObjectInfo;
  /** Read it to the end, leave its loop early, or destroy it; a broken transfer ends in a StoreError. */
  readonly body: AsyncIterable<Uint8Array> & { destroy?(): unknown };
}

export interface PutOptions {
  /** `absent` writes only where there is no such object; an etag only where the object still has it. */
  readonly onlyIf?: 'absent' | { readonly etag: string };
  readonly contentType?: string;
  readonly signal?: AbortSignal;
}

export type PutResult =
  | { readonly kind: 'stored'; readonly etag: string }
  /** The condition did not hold: nothing was written. */
  | { readonly kind: 'refused' };

export interface ObjectStore {
  /** `file:///…` or `s3://bucket/prefix`, without credentials. Keys are relative to it. */
  readonly url: string;
  /** In UTF-8 byte order of keys, page by page as it is consumed. */
  list(options?: ListOptions): AsyncIterable<ObjectInfo>;
  /**
   * The folders directly below `prefix`: of each key that starts with it the part up to and including the next `/`, the
   * prefix included, each once, in order. `dt=` gives `['dt=2026-03-01/', …]`, `dt=2026-03-01/` its hours.
   */
  listFolders(prefix: string, signal?: AbortSignal): Promise<string[]>;
  head(key: string, signal?: AbortSignal): Promise<ObjectInfo | undefined>;
  /** `undefined` when there is no such object. */
  get(key: string, options?: GetOptions): Promise<StoredObject | undefined>;
  /** Atomic: a reader sees the old object or the new one, whole. */
  put(key: string, body: Uint8Array, options?: PutOptions): Promise<PutResult>;
  /** Deleting what is not there is no error. */
  delete(key: string, signal?: AbortSignal): Promise<void>;
  close(): Promise<void>;
}
