/**
 * Bytes in blocks of 16. A block may reach beyond what is meant: whatever is read or written here is in memory that goes on for
 * `slack` bytes more.
 */

export const slack: u32 = 16;

/** Most that there is in one piece: the allocator has none that are larger. */
const maxPiece: u32 = (1 << 30) - 2 * slack;

/** From so many on a call that moves all at once is faster. */
const longSize: u32 = 256;

/** May write up to `slack` bytes behind. */
export function copyBytes(to: usize, from: usize, size: u32): void {
  if (size > longSize) return memory.copy(to, from, size);
  for (let at: u32 = 0; at < size; at += 16) v128.store(to + at, v128.load(from + at));
}

export function areSame(left: usize, right: usize, size: u32): bool {
  let at: u32 = 0;
  for (; at + 16 <= size; at += 16) {
    if (v128.any_true(v128.xor(v128.load(left + at), v128.load(right + at)))) return false;
  }
  if (at == size) return true;
  const wanted: u32 = (1 << (size - at)) - 1;
  const same: u32 = i8x16.bitmask(i8x16.eq(v128.load(left + at), v128.load(right + at)));
  return (same & wanted) == wanted;
}

/** Room for `wanted` bytes in place of `room`: for twice as many where that may be, so that growing is seldom. Aborts where it is too much. */
export function grownRoom(room: u32, wanted: u64): u32 {
  if (wanted > maxPiece) abort();
  return max(<u32>wanted, min(room * 2, maxPiece));
}
