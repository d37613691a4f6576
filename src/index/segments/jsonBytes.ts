/** Looks at JSON as bytes: what is spelt as `JSON.stringify` would spell it can be copied, without a value ever being made of it. */

/** Where the number ends that starts at `at`, if it is spelt as JavaScript would; else -1. What follows it is not looked at. */
export function endOfPlainNumber(bytes: Uint8Array, at: number): number {
  const start = bytes[at] === 0x2d ? at + 1 : at;
  let end = endOfDigits(bytes, start);
  const whole = end - start;
  const isZero = bytes[start] === 0x30;
  if (whole === 0 || whole > plainDigits || (isZero && whole > 1)) return -1;
  // JavaScript's -0 is 0.
  if (bytes[end] !== 0x2e) return isZero && start > at ? -1 : end;
  const fraction = end + 1;
  end = endOfDigits(bytes, fraction);
  const last = bytes[end - 1];
  if (end === fraction || last === 0x30 || whole + end - fraction > plainDigits) return -1;
  return isZero && !isLarge(bytes, fraction) ? -1 : end;
}

/** Each decimal number of so many digits has a double of its own, whose shortest spelling is it. */
const plainDigits = 15;
/** Smaller ones are spelt with an exponent. */
const largestZeros = 5;

function isLarge(bytes: Uint8Array, fraction: number): boolean {
  let zeros = 0;
  while (bytes[fraction + zeros] === 0x30) zeros++;
  return zeros <= largestZeros;
}

function endOfDigits(bytes: Uint8Array, start: number): number {
  let end = start;
  while (isDigit(bytes[end])) end++;
  return end;
}

export function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39;
}

/** The next that is neither a blank nor a tab. */
export function pastBlanks(bytes: Uint8Array, start: number): number {
  let at = start;
  while (bytes[at] === 0x20 || bytes[at] === 0x09) at++;
  return at;
}

export function isWordAt(bytes: Uint8Array, start: number, word: Uint8Array): boolean {
  for (let at = 0; at < word.length; at++) if (bytes[start + at] !== word[at]) return false;
  return true;
}

/** Whether a text may be an RFC 3339 time, of which the shortest has 20 bytes. */
export function mayBeTimeAt(bytes: Uint8Array, start: number, end: number): boolean {
  return end - start >= 20 && isDigit(bytes[start]) && bytes[start + 4] === 0x2d && bytes[start + 7] === 0x2d;
}

let lastDay = Number.NaN;
let lastDayMs = Number.NaN;

/** Epoch ms of `YYYY-MM-DDTHH:MM:SS.sssZ` at `at`, as nearly every writer spells it; NaN for what needs a closer look. */
export function usualTimeAt(bytes: Uint8Array, at: number): number {
  const isSpeltSo =
    bytes[at + 4] === 0x2d &&
    bytes[at + 7] === 0x2d &&
    bytes[at + 10] === 0x54 &&
    bytes[at + 13] === 0x3a &&
    bytes[at + 16] === 0x3a &&
    bytes[at + 19] === 0x2e &&
    bytes[at + 23] === 0x5a;
  if (!isSpeltSo) return Number.NaN;
  const year = twoDigits(bytes, at) * 100 + twoDigits(bytes, at + 2);
  const month = twoDigits(bytes, at + 5);
  const day = twoDigits(bytes, at + 8);
  const hour = twoDigits(bytes, at + 11);
  const minute = twoDigits(bytes, at + 14);
  const second = twoDigits(bytes, at + 17);
  const ms = twoDigits(bytes, at + 20) * 10 + twoDigits(bytes, at + 22, 1);
  // Not a number fails every comparison.
  const isUsual = year >= 1970 && month >= 1 && month <= 12 && day >= 1 && day <= 28;
  if (!isUsual || !(hour <= 23 && minute <= 59 && second <= 59 && ms >= 0)) return Number.NaN;
  const dayKey = (year * 100 + month) * 100 + day;
  if (dayKey !== lastDay) {
    lastDay = dayKey;
    lastDayMs = Date.UTC(year, month - 1, day);
  }
  return lastDayMs + ((hour * 60 + minute) * 60 + second) * 1000 + ms;
}

/** NaN where there are others than digits. @param count 1 for but one. */
function twoDigits(bytes: Uint8Array, at: number, count = 2): number {
  const first = (bytes[at] as number) - 0x30;
  const second = count === 1 ? 0 : (bytes[at + 1] as number) - 0x30;
  // Below 0 both wrap around to what is more than 9.
  if (first >>> 0 > 9 || second >>> 0 > 9) return Number.NaN;
  return count === 1 ? first : first * 10 + second;
}

/** As text; bytes beyond ASCII as other characters beyond it. */
export function asciiAt(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1');
}
