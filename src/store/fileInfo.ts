/** What a store says about a file: its size, its time, and the etag made of them and of its inode. */

import type { BigIntStats } from 'node:fs';
import type { ObjectInfo } from './objectStore.ts';

export function fileInfo(key: string, stats: BigIntStats): ObjectInfo {
  return {
    key,
    sizeBytes: Number(stats.size),
    etag: fileEtag(stats),
    lastModifiedMs: Number(stats.mtimeNs / 1_000_000n),
  };
}

export function fileEtag(stats: BigIntStats): string {
  return `${stats.size.toString(36)}-${stats.mtimeNs.toString(36)}-${stats.ino.toString(36)}`;
}
