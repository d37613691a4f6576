/** JSON strings in which something is escaped, as UTF-8. */

import type { ByteWriter } from '../parquet/encode/byteWriter.ts';

const [quote, backslash] = [0x22, 0x5c];
const slash = 0x2f;
/** By the letter behind a backslash. */
const meanings: ReadonlyMap<number, number> = new Map(
  Object.entries({ '"': '"', '\\': '\\', '/': '/', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' }).map(
    ([letter, is]) => [letter.charCodeAt(0), is.charCodeAt(0)],
  ),
);

/**
 * The string that starts at `start`, behind its quote, and where the quote stands that ends it. `undefined` where it is no JSON string, or
 * has half of a surrogate pair, which UTF-8 cannot tell.
 */
export function unescapeAt(
  bytes: Uint8Array,
  start: number,
): { readonly bytes: Uint8Array; readonly end: number } | undefined {
  const end = endOfEscaped(bytes, start);
  if (end < 0) return undefined;
  // No escape takes fewer bytes than what it stands for.
  const text = new Uint8Array(end - start);
  let size = 0;
  for (let at = start; at < end; at++) {
    const byte = bytes[at] as number;
    if (byte !== backslash) {
      text[size++] = byte;
      continue;
    }
    const letter = bytes[++at] as number;
    const meaning = meanings.get(letter);
    if (meaning !== undefined) {
      text[size++] = meaning;
      continue;
    }
    if (letter !== 0x75) return undefined;
    let point = hexAt(bytes, at + 1);
    at += 4;
    if (point >= 0xd800 && point < 0xdc00 && bytes[at + 1] === backslash && bytes[at + 2] === 0x75) {
      const low = hexAt(bytes, at + 3);
      if (low >= 0xdc00 && low < 0xe000) point = 0x10000 + (point - 0xd800) * 0x400 + (low - 0xdc00);
      at += 6;
    }
    // Not a number too, and what is no pair.
    if (!(point < 0xd800 || point >= 0xe000)) return undefined;
    size = putPoint(text, size, point);
  }
  return { bytes: text.subarray(0, size), end };
}

/** The other way round; a slash is not escaped. By the byte that is meant. */
const letters: ReadonlyMap<number, number> = new Map(
  [...meanings].filter(([letter]) => letter !== slash).map(([letter, meaning]) => [meaning, letter]),
);

/** Appends UTF-8 as a JSON string, spelt as `JSON.stringify` does. */
export function appendQuoted(out: ByteWriter, text: Uint8Array): void {
  out.byte(quote);
  for (let at = 0; at < text.length; at++) {
    const byte = text[at] as number;
    if (byte >= 0x20 && byte !== quote && byte !== backslash) {
      out.byte(byte);
      continue;
    }
    const letter = letters.get(byte);
    out.byte(backslash);
    if (letter !== undefined) out.byte(letter);
    else out.bytes(Buffer.from(`u${byte.toString(16).padStart(4, '0')}`));
  }
  out.byte(quote);
}

function endOfEscaped(bytes: Uint8Array, start: number): number {
  for (let at = start; ; at++) {
    const byte = bytes[at] as number;
    if (byte === quote) return at;
    // What is escaped is no control character either, so that the line's end is never passed.
    if (byte === backslash) at++;
    if ((bytes[at] as number) < 0x20) return -1;
  }
}

/** NaN where there are not four hex digits. */
function hexAt(bytes: Uint8Array, start: number): number {
  let value = 0;
  for (let at = start; at < start + 4; at++) value = value * 16 + hexDigit(bytes[at] as number);
  return value;
}

function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : Number.NaN;
}

function putPoint(text: Uint8Array, at: number, point: number): number {
  if (point < 0x80) {
    text[at] = point;
    return at + 1;
  }
  if (point < 0x800) {
    text[at] = 0xc0 | (point >> 6);
    text[at + 1] = 0x80 | (point & 0x3f);
    return at + 2;
  }
  const size = point < 0x10000 ? 3 : 4;
  text[at] = size === 3 ? 0xe0 | (point >> 12) : 0xf0 | (point >> 18);
  for (let byte = 1; byte < size; byte++) text[at + byte] = 0x80 | ((point >> (6 * (size - 1 - byte))) & 0x3f);
  return at + size;
}
