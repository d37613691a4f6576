/** `first`, `first + 1` and so on, so many: without a call for each, as `Uint32Array.from` makes. */
export function consecutive(first: number, count: number): Uint32Array {
  const numbers = new Uint32Array(count);
  for (let at = 0; at < count; at++) numbers[at] = first + at;
  return numbers;
}
