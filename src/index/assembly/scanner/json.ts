/**
 * Looks at JSON as bytes: what is spelt as `JSON.stringify` would spell it can be copied, without a value ever being made of it. A place is
 * an address; 0 is none. No walk passes a line feed, which ends all that is looked at.
 */

export const quote: u8 = 0x22;
export const backslash: u8 = 0x5c;
export const comma: u8 = 0x2c;
export const colon: u8 = 0x3a;
export const openBrace: u8 = 0x7b;
export const closeBrace: u8 = 0x7d;
export const openBracket: u8 = 0x5b;
export const closeBracket: u8 = 0x5d;
export const lineFeed: u8 = 0x0a;
const minus: u8 = 0x2d;
const point: u8 = 0x2e;
const zero: u8 = 0x30;
const blank: u8 = 0x20;

/** Each decimal number of so many digits has a double of its own, whose shortest spelling is it. */
const plainDigits: usize = 15;
/** Smaller ones are spelt with an exponent. */
const largestZeros: usize = 5;

/** Where the number ends that starts at `at`, if it is spelt as JavaScript would; else 0. What follows it is not looked at. */
export function endOfPlainNumber(at: usize): usize {
  const start = load<u8>(at) == minus ? at + 1 : at;
  let end = endOfDigits(start);
  const whole = end - start;
  const isZero = load<u8>(start) == zero;
  if (whole == 0 || whole > plainDigits || (isZero && whole > 1)) return 0;
  // JavaScript's -0 is 0.
  if (load<u8>(end) != point) return isZero && start > at ? 0 : end;
  const fraction = end + 1;
  end = endOfDigits(fraction);
  if (end == fraction || load<u8>(end - 1) == zero || whole + (end - fraction) > plainDigits) return 0;
  return isZero && !isLarge(fraction) ? 0 : end;
}

function isLarge(fraction: usize): bool {
  let end = fraction;
  while (load<u8>(end) == zero) end++;
  return end - fraction <= largestZeros;
}

function endOfDigits(start: usize): usize {
  let end = start;
  while (isDigit(load<u8>(end))) end++;
  return end;
}

export function isDigit(byte: u8): bool {
  return <u8>(byte - zero) <= 9;
}

/** What the digits from `start` to `end` say: at most 15, so that it is a whole number of a double. Below 0 where others are among them. */
export function wholeNumber(start: usize, end: usize): f64 {
  let value: i64 = 0;
  for (let at = start; at < end; at++) {
    const byte = load<u8>(at);
    if (!isDigit(byte)) return -1;
    value = value * 10 + (byte - zero);
  }
  return <f64>value;
}

/** The next that is neither a blank nor a tab. */
export function pastBlanks(start: usize): usize {
  let at = start;
  while (load<u8>(at) == blank || load<u8>(at) == 0x09) at++;
  return at;
}

/** Behind the line feed that follows; 0 where anything else does. */
export function pastLineEnd(start: usize): usize {
  let at = start;
  while (load<u8>(at) == blank || load<u8>(at) == 0x09 || load<u8>(at) == 0x0d) at++;
  return load<u8>(at) == lineFeed ? at + 1 : 0;
}

export function isNullAt(at: usize): bool {
  return load<u32>(at) == 0x6c6c756e;
}

export function isTrueAt(at: usize): bool {
  return load<u32>(at) == 0x65757274;
}

export function isFalseAt(at: usize): bool {
  return load<u32>(at) == 0x736c6166 && load<u8>(at, 4) == 0x65;
}

/** The next quote, backslash or control character: within the line, as its feed is one. */
export function endOfPlain(start: usize): usize {
  let at = start;
  while (true) {
    const bytes = v128.load(at);
    const ends = v128.or(
      v128.or(i8x16.eq(bytes, i8x16.splat(quote)), i8x16.eq(bytes, i8x16.splat(backslash))),
      i8x16.lt_u(bytes, i8x16.splat(blank)),
    );
    const found = i8x16.bitmask(ends);
    if (found != 0) return at + ctz(found);
    at += 16;
  }
}

/** Whether a text may be an RFC 3339 time, of which the shortest has 20 bytes. */
export function mayBeTimeAt(start: usize, end: usize): bool {
  return end - start >= 20 && isDigit(load<u8>(start)) && load<u8>(start, 4) == minus && load<u8>(start, 7) == minus;
}

/** Epoch ms of `YYYY-MM-DDTHH:MM:SS.sssZ` at `at`, as nearly every writer spells it; NaN for what needs a closer look. */
export function usualTimeAt(at: usize): f64 {
  const isSpeltSo =
    load<u8>(at, 4) == minus &&
    load<u8>(at, 7) == minus &&
    load<u8>(at, 10) == 0x54 &&
    load<u8>(at, 13) == colon &&
    load<u8>(at, 16) == colon &&
    load<u8>(at, 19) == point &&
    load<u8>(at, 23) == 0x5a;
  if (!isSpeltSo) return NaN;
  const year = twoDigits(at) * 100 + twoDigits(at + 2);
  const month = twoDigits(at + 5);
  const day = twoDigits(at + 8);
  const hour = twoDigits(at + 11);
  const minute = twoDigits(at + 14);
  const second = twoDigits(at + 17);
  const ms = twoDigits(at + 20) * 10 + digit(load<u8>(at, 22));
  // What is no number is far above all of these.
  const isDay = year >= 1970 && year <= 9999 && month >= 1 && month <= 12 && day >= 1 && day <= 28;
  if (!isDay || hour > 23 || minute > 59 || second > 59 || ms > 999) return NaN;
  return <f64>((daysBefore(year, month, day) * 24 + hour) * 60 + minute) * 60_000 + <f64>(second * 1000 + ms);
}

/** A lot where there are others than digits. */
function twoDigits(at: usize): u32 {
  return digit(load<u8>(at)) * 10 + digit(load<u8>(at, 1));
}

function digit(byte: u8): u32 {
  return isDigit(byte) ? byte - zero : noDigit;
}

const noDigit: u32 = 1_000_000;

/** Days from 1970 to a day of the Gregorian calendar (Hinnant, "chrono-Compatible Low-Level Date Algorithms", days_from_civil). */
function daysBefore(year: u32, month: u32, day: u32): u32 {
  const from = month <= 2 ? year - 1 : year;
  const era = from / 400;
  const yearOfEra = from % 400;
  const dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
  return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468;
}
