/** A 64-bit hash of text as 16 hex digits: for naming, not for secrets. The same in every process, Node or browser. */

/**
 * Two MurmurHash3-like 32-bit lanes over UTF-16 code units, mixed crosswise at the end (the construction of cyrb53,
 * https://github.com/bryc/code/blob/master/jshash/experimental/cyrb53.js, both lanes kept whole).
 */
export function hash64(text: string): string {
  let h1 = 0xdeadbeef;
  let h2 = 0x41c6ce57;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    h1 = Math.imul(h1 ^ unit, 0x9e3779b1);
    h2 = Math.imul(h2 ^ unit, 0x5f356495);
  }
  h1 = Math.imul(h1 ^ (h1 >>> 16), 0x85ebca6b) ^ Math.imul(h2 ^ (h2 >>> 13), 0xc2b2ae35);
  h2 = Math.imul(h2 ^ (h2 >>> 16), 0x85ebca6b) ^ Math.imul(h1 ^ (h1 >>> 13), 0xc2b2ae35);
  return hex(h2) + hex(h1);
}

function hex(word: number): string {
  return (word >>> 0).toString(16).padStart(8, '0');
}
