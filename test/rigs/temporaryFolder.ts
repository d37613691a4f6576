/** A folder for one test, gone afterwards, also when a signal ends the test. */

import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { undoOnSignal } from './undoOnSignal.ts';

export interface TemporaryFolder {
  /** Without symbolic links. */
  readonly path: string;
  remove(): Promise<void>;
}

/** @param parent where it lies, by default the system's folder for temporary files. */
export async function temporaryFolder(name: string, parent: string = tmpdir()): Promise<TemporaryFolder> {
  const path = await realpath(await mkdtemp(join(parent, `ingest-trace-${name}-`)));
  const remove = async () => {
    await rm(path, { recursive: true, force: true, maxRetries: 5 });
    forget();
  };
  const forget = undoOnSignal(remove);
  return { path, remove };
}
