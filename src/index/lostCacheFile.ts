/** A cached file of a remote store went away, or turned out not to be what was fetched, while it was used. The index may be sound. */
export class LostCacheFile extends Error {
  override readonly name = 'LostCacheFile';

  constructor(cause: unknown) {
    super('a cached file went away while it was read', { cause });
  }
}
