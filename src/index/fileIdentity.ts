/** Size and hash of what is written once: by them a reader knows that it has what was written. */

import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';

export interface FileIdentity {
  readonly sizeBytes: number;
  /** SHA-256, hex. */
  readonly sha256: string;
}

export async function fileIdentity(file: string): Promise<FileIdentity> {
  const content = await readFile(file);
  return { sizeBytes: content.length, sha256: createHash('sha256').update(content).digest('hex') };
}
