/** The hash of a task's id by which the parts of a task are found: stored in sides, so that a reader need not make it anew. */

/** FNV-1a of the UTF-8 bytes, with a last mix since tables take the low bits. */
export function idHash(bytes: Uint8Array, start = 0, end = bytes.length): number {
  let hash = 0x811c9dc5;
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ (bytes[at] ?? 0), 0x01000193);
  hash ^= hash >>> 15;
  return (Math.imul(hash, 0x2c1b3c6d) ^ (hash >>> 12)) >>> 0;
}
