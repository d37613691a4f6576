/** From a URL to the store that it names. */

import type { S3Options } from '../model/environment.ts';
import { FileStore } from './fileStore.ts';
import type { ObjectStore } from './objectStore.ts';
import { S3Store } from './s3Store.ts';
import { StoreError } from './storeError.ts';

/** `url` is `file:///folder` or `s3://bucket/prefix`; `s3` counts for the latter only. Opens no connection yet. */
export function openStore(url: string, s3: S3Options = {}): ObjectStore {
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(url)?.[1]?.toLowerCase();
  if (scheme === 'file') return new FileStore(url);
  if (scheme === 's3') return new S3Store(url, s3);
  throw new StoreError('badKey', `'${url}' names no store: write file:///folder or s3://bucket/prefix.`);
}
