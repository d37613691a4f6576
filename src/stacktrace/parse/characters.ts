/**
 * Characters, numbers and blanks in frames, read without regular expressions and copies: every frame is made of them. None
 * is asked for outside of its text: where that happened once, engines call a function for each character from then on.
 */

/** A table with 1 for each of some ASCII characters; one look-up costs less than a row of comparisons. */
export function tableOf(characters: string): Uint8Array {
  const table = new Uint8Array(128);
  for (const character of characters) table[character.charCodeAt(0)] = 1;
  return table;
}

const letters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';
export const wordCharacters = `${letters}0123456789_`;
const wordParts = tableOf(wordCharacters);

/** What `\w` is in a regular expression. */
export function isWordPart(unit: number): boolean {
  return unit < 128 && wordParts[unit] === 1;
}

export function isBlank(unit: number): boolean {
  return unit === 32 || unit === 9;
}

/** Whether `text` goes on at `at` with a character of the table. */
export function startsWithOneOf(text: string, at: number, table: Uint8Array): boolean {
  if (at === text.length) return false;
  const unit = text.charCodeAt(at);
  return unit < 128 && table[unit] === 1;
}

/** The number that `text` is from `from` to `to`; -1 when that is no number of one to nine digits. */
export function numberIn(text: string, from: number, to: number): number {
  if (to <= from || to - from > 9) return -1;
  let value = 0;
  for (let at = from; at < to; at++) {
    const digit = text.charCodeAt(at) - 48;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}

/** Where the digits that start at `from` end. */
export function digitsEnd(text: string, from: number): number {
  let at = from;
  while (at < text.length && isDigit(text.charCodeAt(at))) at++;
  return at;
}

export function isDigit(unit: number): boolean {
  return unit >= 48 && unit <= 57;
}

/** From A to Z. */
export function isUpperCase(unit: number): boolean {
  return unit >= 65 && unit <= 90;
}

export function isHexDigit(unit: number): boolean {
  return isDigit(unit) || ((unit | 32) >= 97 && (unit | 32) <= 102);
}

/** The first place of a character between `from` and `to`, which is left out; -1. */
export function firstOf(text: string, unit: number, from: number, to: number): number {
  let at = from;
  while (at < to && text.charCodeAt(at) !== unit) at++;
  return at < to ? at : -1;
}

/** The last place of a character between `from` and `to`, which is left out; -1. Several times as fast as `lastIndexOf`. */
export function lastOf(text: string, unit: number, from: number, to: number): number {
  let at = to - 1;
  while (at >= from && text.charCodeAt(at) !== unit) at--;
  return at >= from ? at : -1;
}

/** The length of `text` without the blanks at its end. */
export function trimmedLength(text: string): number {
  if (text === '') return 0;
  const last = text.charCodeAt(text.length - 1);
  return last > 32 && last < 128 ? text.length : text.trimEnd().length;
}
