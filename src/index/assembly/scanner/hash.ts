/** Hashes of texts, by which dictionaries and keys are found. */

/** Two of them for each 8 bytes of a block that is hashed; see `hashOf`. */
const keysOfBlock: u32 = 64;
/** The last two are for the length and for what is between blocks. */
export const hashKeys: usize = memory.data((64 + 4) * 4, 16);
const lengthKey: usize = hashKeys + keysOfBlock * 4;
const blockKey: usize = lengthKey + 8;

/**
 * NH, as UMAC has it (Black, Halevi, Krawczyk, Krovetz, Rogaway 1999): the sum of products of pairs of words, to each of which a random key
 * was added. Log content is hostile: whoever does not know the keys cannot write texts that have one hash.
 */
export function hashOf(start: usize, size: u32): u32 {
  let sum: u64 = size * load<u64>(lengthKey);
  let keys = hashKeys;
  let at: u32 = 0;
  for (; at + 8 <= size; at += 8) {
    sum += product(load<u64>(start + at), keys);
    keys += 8;
    if (keys == lengthKey) {
      keys = hashKeys;
      sum = (sum ^ (sum >> 29)) * (load<u64>(blockKey) | 1);
    }
  }
  if (at < size) sum += product(load<u64>(start + at) & (((<u64>1) << ((size - at) * 8)) - 1), keys);
  sum ^= sum >> 32;
  return <u32>((sum * 0x9e3779b97f4a7c15) >> 32);
}

function product(word: u64, keys: usize): u64 {
  return <u64>(<u32>word + load<u32>(keys)) * <u64>(<u32>(word >> 32) + load<u32>(keys, 4));
}
