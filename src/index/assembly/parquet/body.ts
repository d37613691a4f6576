/** The bytes of a page in the making. Whoever puts something there makes room for it first, in one go. */

import { copyBytes, grownRoom, slack } from '../bytes';

export let body: usize = heap.alloc((1 << 16) + slack);
let room: u32 = 1 << 16;
/** Behind the last byte that was put. */
export let bodyEnd: usize = 0;

clearBody();

export function clearBody(): void {
  bodyEnd = body;
}

/** So that `size` more bytes fit; `body` may be elsewhere then. */
export function makeRoom(size: u64): void {
  const used = <u32>(bodyEnd - body);
  if (used + size <= room) return;
  const wanted = grownRoom(room, used + size);
  const larger = heap.alloc(wanted + slack);
  memory.copy(larger, body, used);
  heap.free(body);
  room = wanted;
  body = larger;
  bodyEnd = body + used;
}

/** Counts what the caller has put there, up to `end`, as put. */
export function putUpTo(end: usize): void {
  bodyEnd = end;
}

export function putByte(value: u8): void {
  store<u8>(bodyEnd, value);
  bodyEnd += 1;
}

export function putBytes(start: usize, size: u32): void {
  copyBytes(bodyEnd, start, size);
  bodyEnd += size;
}

/** At most 10 bytes. */
export function putVarint(value: u64): void {
  let rest = value;
  for (; rest >= 0x80; rest >>= 7) putByte(<u8>rest | 0x80);
  putByte(<u8>rest);
}

/** At most 10 bytes: its sign as the lowest bit. */
export function putZigzag(value: i64): void {
  putVarint((value << 1) ^ (value >> 63));
}
