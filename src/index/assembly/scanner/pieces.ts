/** Texts in the making of the line that is looked at, each kind in a buffer that does not grow: a line that needs more is left to the host. */

import { copyBytes, slack } from '../bytes';

const room: u32 = 1 << 20;

@unmanaged
export class Pieces {
  start: usize;
  end: usize;
  limit: usize;
}

export function newPieces(): Pieces {
  const pieces = changetype<Pieces>(heap.alloc(offsetof<Pieces>()));
  pieces.start = heap.alloc(room + slack);
  pieces.end = pieces.start;
  pieces.limit = pieces.start + room;
  return pieces;
}

/** @returns whether there was room for it. */
export function addByte(pieces: Pieces, byte: u8): bool {
  if (pieces.end == pieces.limit) return false;
  store<u8>(pieces.end, byte);
  pieces.end += 1;
  return true;
}

/** @returns whether there was room for them. */
export function addBytes(pieces: Pieces, start: usize, size: u32): bool {
  if (size > <u32>(pieces.limit - pieces.end)) return false;
  copyBytes(pieces.end, start, size);
  pieces.end += size;
  return true;
}
