/** The table of contents of a zip file, such as a VSIX. */

import { open } from 'node:fs/promises';

export interface ZipEntry {
  /** With `/` between folders, as stored. */
  readonly path: string;
  readonly bytes: number;
  readonly storedBytes: number;
}

const endSignature = 0x06054b50;
const entrySignature = 0x02014b50;

/**
 * Reads the central directory (APPNOTE 4.3.12 and 4.3.16), not the contents. Zip64 archives (over 65,534 entries or
 * 4 GiB) are refused.
 */
export async function zipEntries(file: string): Promise<readonly ZipEntry[]> {
  await using handle = await open(file);
  const { size } = await handle.stat();
  // The end record has 22 bytes and a comment of at most 64 KiB.
  const tail = Buffer.alloc(Math.min(size, 22 + 0xffff));
  await handle.read(tail, 0, tail.length, size - tail.length);
  const end = lastIndexOfUint32(tail, endSignature);
  if (end < 0) throw new Error(`${file} is not a zip file`);
  const count = tail.readUInt16LE(end + 10);
  const directoryBytes = tail.readUInt32LE(end + 12);
  const directoryOffset = tail.readUInt32LE(end + 16);
  if (count === 0xffff || directoryOffset === 0xffffffff) throw new Error(`${file} is a Zip64 file`);

  const directory = Buffer.alloc(directoryBytes);
  await handle.read(directory, 0, directoryBytes, directoryOffset);
  const entries: ZipEntry[] = [];
  let at = 0;
  for (let index = 0; index < count; index++) {
    if (directory.readUInt32LE(at) !== entrySignature) throw new Error(`${file} has a damaged entry ${index}`);
    const pathBytes = directory.readUInt16LE(at + 28);
    entries.push({
      path: directory.toString('utf8', at + 46, at + 46 + pathBytes),
      bytes: directory.readUInt32LE(at + 24),
      storedBytes: directory.readUInt32LE(at + 20),
    });
    at += 46 + pathBytes + directory.readUInt16LE(at + 30) + directory.readUInt16LE(at + 32);
  }
  return entries;
}

function lastIndexOfUint32(buffer: Buffer, value: number): number {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return buffer.lastIndexOf(bytes);
}
