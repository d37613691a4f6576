/** Compares one value with one comparison. Linear in the value's length: log content is hostile. */

import { assertNever } from '../assertNever.ts';
import { parseTimestamp } from '../record.ts';
import type { Comparison } from './query.ts';
import { parseNumber } from './values.ts';

export type Scalar = string | number | boolean;
export type ScalarTest = (value: Scalar) => boolean;

/** Prepared once, asked for every value. */
export function comparisonTest(comparison: Comparison): ScalarTest {
  switch (comparison.kind) {
    case 'has':
      return () => true;
    case 'equals': {
      const text = comparison.value;
      const asNumber = parseNumber(text);
      return (value) => {
        if (typeof value === 'string') return value === text;
        if (typeof value === 'number') return value === asNumber;
        return String(value) === text;
      };
    }
    case 'like': {
      const pieces = comparison.pattern.split('*');
      return (value) => typeof value === 'string' && isLike(value, pieces);
    }
    case 'range': {
      const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY } = comparison;
      // An absent bound is open, and no number reaches infinity: inclusive or not makes no difference there.
      const [minInclusive, maxInclusive] = [comparison.minInclusive ?? true, comparison.maxInclusive ?? true];
      return (value) => {
        const number =
          typeof value === 'number' ? value : comparison.unit === 'time' ? parseTimestamp(value) : undefined;
        if (number === undefined) return false;
        return (minInclusive ? number >= min : number > min) && (maxInclusive ? number <= max : number < max);
      };
    }
    default:
      return assertNever(comparison);
  }
}

/** `pieces` are what stands between the stars: the first and the last are anchored, the others found leftmost first. */
function isLike(value: string, pieces: readonly string[]): boolean {
  const first = pieces[0] ?? '';
  const last = pieces.at(-1) ?? '';
  if (pieces.length === 1) return value === first;
  if (value.length < first.length + last.length || !value.startsWith(first) || !value.endsWith(last)) return false;
  const end = value.length - last.length;
  let at = first.length;
  for (const piece of pieces.slice(1, -1)) {
    const found = value.indexOf(piece, at);
    if (found < 0 || found + piece.length > end) return false;
    at = found + piece.length;
  }
  return true;
}

/**
 * Lower case by code point, as SQL's `lower` does it: JavaScript's own looks around for Σ and writes İ as two.
 * Two texts are equal but for case when their folds are equal.
 */
export function foldCase(text: string): string {
  return text.replaceAll('Σ', 'σ').replaceAll('İ', 'i').toLowerCase();
}
