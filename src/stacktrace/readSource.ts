/** Reads a source file, or says why not. The Node implementation of `ReadSource`. */

import { readFile, stat } from 'node:fs/promises';

type SourceText =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'missing' }
  | { readonly kind: 'tooLarge'; readonly sizeBytes: number };

/** Larger files are data or bundles; nobody reads them by line, and no line is looked for in them. */
export const maxSourceBytes = 4 << 20;

/** Asked for files inside the workspace only. */
export type ReadSource = (path: string, maxBytes: number) => Promise<SourceText>;

/** Files that cannot be read count as missing: for a frame both mean that it cannot be shown. */
export const readSource: ReadSource = async (path, maxBytes) => {
  try {
    const info = await stat(path);
    // Opening a pipe or a device would wait for ever.
    if (!info.isFile()) return { kind: 'missing' };
    if (info.size > maxBytes) return { kind: 'tooLarge', sizeBytes: info.size };
    return { kind: 'text', text: sourceText(await readFile(path)) };
  } catch (error) {
    if (isSystemError(error)) return { kind: 'missing' };
    throw error;
  }
};

/** UTF-8, or UTF-16 as its byte order mark says; the mark is no part of the text. */
export function sourceText(bytes: Uint8Array): string {
  const [first, second] = bytes;
  const encoding =
    first === 0xff && second === 0xfe ? 'utf-16le' : first === 0xfe && second === 0xff ? 'utf-16be' : 'utf-8';
  return new TextDecoder(encoding).decode(bytes);
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'code' in error;
}
