/** Keeps what V8 makes of the engine's code from one start to the next: making it takes longer than most answers. */

import { readdir, rm } from 'node:fs/promises';
import { enableCompileCache } from 'node:module';
import { join } from 'node:path';
import { version } from '../model/version.ts';

const prefix = 'compiled-';

/** Where the folder cannot be written the code is compiled each time. What other versions left is removed. */
export function useCompiledCode(cacheDirectory: string): void {
  const own = `${prefix}${version}`;
  enableCompileCache(join(cacheDirectory, own));
  void removeOthers(cacheDirectory, own).catch(() => undefined);
}

async function removeOthers(cacheDirectory: string, own: string): Promise<void> {
  for (const name of await readdir(cacheDirectory)) {
    if (!name.startsWith(prefix) || name === own) continue;
    await rm(join(cacheDirectory, name), { recursive: true, force: true });
  }
}
