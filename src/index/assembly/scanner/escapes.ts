/** JSON strings in which something is escaped, as UTF-8. */

import { backslash, endOfPlain, quote } from './json';
import { addByte, addBytes, Pieces } from './pieces';

/**
 * Adds the text of the string that starts at `start`, behind its quote. @returns where the quote stands that ends it: 0 where it is no JSON
 * string, has half of a surrogate pair, which UTF-8 cannot tell, or there is no room for it.
 */
export function addUnescaped(to: Pieces, start: usize): usize {
  let at = start;
  while (true) {
    const end = endOfPlain(at);
    if (!addBytes(to, at, <u32>(end - at))) return 0;
    if (load<u8>(end) == quote) return end;
    if (load<u8>(end) != backslash) return 0;
    const letter = load<u8>(end, 1);
    at = end + 2;
    if (letter != 0x75) {
      const meaning = meaningOf(letter);
      if (meaning == 0 || !addByte(to, meaning)) return 0;
      continue;
    }
    let point = hexAt(at);
    at += 4;
    if (point >= 0xd800 && point < 0xdc00) {
      const isPair = load<u8>(at) == backslash && load<u8>(at, 1) == 0x75;
      const low = isPair ? hexAt(at + 2) : noPoint;
      if (low < 0xdc00 || low >= 0xe000) return 0;
      point = 0x10000 + (point - 0xd800) * 0x400 + (low - 0xdc00);
      at += 6;
    } else if (point >= 0xdc00 && point < 0xe000) return 0;
    if (point == noPoint || !addPoint(to, point)) return 0;
  }
}

/** Adds UTF-8 as a JSON string, spelt as `JSON.stringify` does. @returns whether there was room for it. */
export function addQuoted(to: Pieces, start: usize, end: usize): bool {
  if (!addByte(to, quote)) return false;
  for (let at = start; at < end; at++) {
    const byte = load<u8>(at);
    if (byte >= 0x20 && byte != quote && byte != backslash) {
      if (!addByte(to, byte)) return false;
      continue;
    }
    const letter = letterOf(byte);
    if (!addByte(to, backslash)) return false;
    if (letter != 0) {
      if (!addByte(to, letter)) return false;
      continue;
    }
    if (!addByte(to, 0x75) || !addByte(to, 0x30) || !addByte(to, 0x30)) return false;
    if (!addByte(to, hexDigit(byte >> 4)) || !addByte(to, hexDigit(byte & 0xf))) return false;
  }
  return addByte(to, quote);
}

/** What the letter behind a backslash stands for; 0 where it stands for nothing. */
function meaningOf(letter: u8): u8 {
  switch (letter) {
    case 0x22:
    case 0x5c:
    case 0x2f:
      return letter;
    case 0x62:
      return 0x08;
    case 0x66:
      return 0x0c;
    case 0x6e:
      return 0x0a;
    case 0x72:
      return 0x0d;
    case 0x74:
      return 0x09;
    default:
      return 0;
  }
}

/** The other way round; a slash is not escaped. */
function letterOf(byte: u8): u8 {
  switch (byte) {
    case 0x22:
    case 0x5c:
      return byte;
    case 0x08:
      return 0x62;
    case 0x0c:
      return 0x66;
    case 0x0a:
      return 0x6e;
    case 0x0d:
      return 0x72;
    case 0x09:
      return 0x74;
    default:
      return 0;
  }
}

const noPoint: u32 = 0x110000;

/** `noPoint` where there are not four hex digits. */
function hexAt(start: usize): u32 {
  let value: u32 = 0;
  for (let at = start; at < start + 4; at++) {
    const byte = load<u8>(at);
    const lower = byte | 0x20;
    if (<u8>(byte - 0x30) <= 9) value = value * 16 + (byte - 0x30);
    else if (<u8>(lower - 0x61) <= 5) value = value * 16 + (lower - 0x57);
    else return noPoint;
  }
  return value;
}

function hexDigit(value: u8): u8 {
  return value < 10 ? 0x30 + value : 0x57 + value;
}

function addPoint(to: Pieces, point: u32): bool {
  if (point < 0x80) return addByte(to, <u8>point);
  if (point < 0x800) return addByte(to, <u8>(0xc0 | (point >> 6))) && addLast(to, point);
  if (point < 0x10000) return addByte(to, <u8>(0xe0 | (point >> 12))) && addLast(to, point >> 6) && addLast(to, point);
  return (
    addByte(to, <u8>(0xf0 | (point >> 18))) && addLast(to, point >> 12) && addLast(to, point >> 6) && addLast(to, point)
  );
}

function addLast(to: Pieces, bits: u32): bool {
  return addByte(to, <u8>(0x80 | (bits & 0x3f)));
}
