/** Distinct texts by number: as UTF-8 in one buffer, found by a hash of their bytes. */

import { areSame, copyBytes, grownRoom, slack } from '../bytes';
import { hashOf } from './hash';

const firstBytes: u32 = 256;
const firstTexts: u32 = 16;
const slotBytes: u32 = 8;

/** The host reads `count`, `bytes` and `starts` by their places: its `ScannedTexts` says so. */
@unmanaged
export class Dictionary {
  count: u32;
  /** Text `i` is from `starts[i]` to `starts[i + 1]` of them. */
  bytes: usize;
  bytesRoom: u32;
  starts: usize;
  startsRoom: u32;
  /** A code and its hash each, found by the hash; code 0 where there is none. At most half are taken. */
  slots: usize;
  slotCount: u32;
}

export function newDictionary(): Dictionary {
  const dictionary = changetype<Dictionary>(heap.alloc(offsetof<Dictionary>()));
  dictionary.count = 0;
  dictionary.bytesRoom = firstBytes;
  dictionary.bytes = heap.alloc(firstBytes + slack);
  dictionary.startsRoom = firstTexts + 1;
  dictionary.starts = heap.alloc((firstTexts + 1) * 4);
  dictionary.slotCount = firstTexts * 2;
  dictionary.slots = heap.alloc(firstTexts * 2 * slotBytes);
  store<u32>(dictionary.starts, 0);
  clearDictionary(dictionary);
  return dictionary;
}

/** Forgets all texts, and keeps the memory for others. */
export function clearDictionary(dictionary: Dictionary): void {
  dictionary.count = 0;
  memory.fill(dictionary.slots, 0, dictionary.slotCount * slotBytes);
}

/** The number of a text, from 1, in order of their first mention. */
export function codeOf(dictionary: Dictionary, start: usize, size: u32): u32 {
  const hash = hashOf(start, size);
  const mask = dictionary.slotCount - 1;
  let slot = hash & mask;
  while (true) {
    const place = dictionary.slots + slot * slotBytes;
    const code = load<u32>(place);
    if (code == 0) return add(dictionary, start, size, hash, place);
    if (load<u32>(place, 4) == hash && isSame(dictionary, code - 1, start, size)) return code;
    slot = (slot + 1) & mask;
  }
}

function isSame(dictionary: Dictionary, index: u32, start: usize, size: u32): bool {
  const place = dictionary.starts + index * 4;
  const from = load<u32>(place);
  return load<u32>(place, 4) - from == size && areSame(dictionary.bytes + from, start, size);
}

function add(dictionary: Dictionary, start: usize, size: u32, hash: u32, place: usize): u32 {
  const code = dictionary.count + 1;
  if (code == dictionary.startsRoom) {
    dictionary.starts = enlarged(dictionary.starts, code * 4, code * 8);
    dictionary.startsRoom = code * 2;
  }
  const from = load<u32>(dictionary.starts + (code - 1) * 4);
  const end = from + size;
  if (end > dictionary.bytesRoom) {
    const room = grownRoom(dictionary.bytesRoom, <u64>from + size);
    dictionary.bytes = enlarged(dictionary.bytes, from, room + slack);
    dictionary.bytesRoom = room;
  }
  copyBytes(dictionary.bytes + from, start, size);
  store<u32>(dictionary.starts + code * 4, end);
  store<u32>(place, code);
  store<u32>(place, hash, 4);
  dictionary.count = code;
  if (code * 2 > dictionary.slotCount) growSlots(dictionary);
  return code;
}

/** As many bytes at another place, with room for more. */
function enlarged(from: usize, size: u32, room: u32): usize {
  const to = heap.alloc(room);
  memory.copy(to, from, size);
  heap.free(from);
  return to;
}

function growSlots(dictionary: Dictionary): void {
  const old = dictionary.slots;
  const end = old + dictionary.slotCount * slotBytes;
  const count = dictionary.slotCount * 2;
  const mask = count - 1;
  const slots = heap.alloc(count * slotBytes);
  memory.fill(slots, 0, count * slotBytes);
  for (let from = old; from < end; from += slotBytes) {
    const entry = load<u64>(from);
    if (<u32>entry == 0) continue;
    let slot = <u32>(entry >> 32) & mask;
    while (load<u32>(slots + slot * slotBytes) != 0) slot = (slot + 1) & mask;
    store<u64>(slots + slot * slotBytes, entry);
  }
  heap.free(old);
  dictionary.slots = slots;
  dictionary.slotCount = count;
}
