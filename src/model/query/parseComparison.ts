/** Turns what stands after `field:` into a comparison in the field's unit. */

import type { FieldUnit } from './fields.ts';
import type { Comparison } from './query.ts';
import { QueryMistake } from './queryMistake.ts';
import { dayMs, lacksZone, isMoment, parseDate, parseDuration, parseMoment, parseNumber, parseSize } from './values.ts';

/** A value as the user wrote it. */
export interface WrittenValue {
  /** Of its first character, operator included, from 0. */
  readonly offset: number;
  readonly operator: '' | '>' | '>=' | '<' | '<=';
  /** Quoted text is never a wildcard or a range. */
  readonly quoted: boolean;
  /** Without the operator, quotes and escapes. */
  readonly text: string;
}

interface Bound {
  readonly value: number;
  readonly isTime: boolean;
}

const expectations: Readonly<Record<FieldUnit, string>> = {
  time: 'a time: 15m, 2h or 7d ago, a date like 2026-11-23, or RFC 3339 with a zone',
  duration: 'a duration like 500ms, 1.5s or 15m',
  count: 'a number',
  size: 'a number of bytes like 5000 or 10MB',
  any: 'a number, a time or a duration',
};

/** @throws QueryMistake when the value is none that the field can be compared with. */
export function parseComparison(value: WrittenValue, unit: FieldUnit, written: string, nowMs: number): Comparison {
  if (value.operator !== '') return compared(value, value.operator, unit, written, nowMs);
  const range = value.quoted ? undefined : rangeOf(value, unit, written, nowMs);
  if (range) return range;
  if (unit === 'time') {
    const startMs = parseDate(value.text);
    if (startMs !== undefined) return between({ value: startMs, isTime: true }, startMs + dayMs - 1);
  }
  if (unit === 'time' || unit === 'duration') {
    const bound = boundOf(value.text, unit, nowMs);
    if (!bound) throw unexpected(value.text, value.offset, unit, written);
    return between(bound, bound.value);
  }
  if (unit === 'count' && parseNumber(value.text) === undefined) {
    throw unexpected(value.text, value.offset, unit, written);
  }
  if (!value.quoted && value.text.includes('*')) {
    const pattern = value.text.replace(/\*+/g, '*');
    return pattern === '*' ? { kind: 'has' } : { kind: 'like', pattern };
  }
  const bytes = unit === 'size' && !value.quoted ? parseSize(value.text) : undefined;
  return { kind: 'equals', value: bytes === undefined ? value.text : String(bytes) };
}

function compared(
  value: WrittenValue,
  operator: Exclude<WrittenValue['operator'], ''>,
  unit: FieldUnit,
  written: string,
  nowMs: number,
): Comparison {
  const bound = boundOf(value.text, unit, nowMs);
  const offset = value.offset + operator.length;
  if (!bound) throw unexpected(value.text, offset, unit, written + operator);
  const inclusive = operator.endsWith('=');
  return {
    kind: 'range',
    ...(bound.isTime ? { unit: 'time' as const } : {}),
    ...(operator.startsWith('>')
      ? { min: bound.value, minInclusive: inclusive }
      : { max: bound.value, maxInclusive: inclusive }),
  };
}

/** `1..5`, `1..` or `..5`, both ends included; `undefined` for text that has `..` in it and a bound on neither side. */
function rangeOf(value: WrittenValue, unit: FieldUnit, written: string, nowMs: number): Comparison | undefined {
  const dots = value.text.indexOf('..');
  if (dots < 0) return undefined;
  const [left, right] = [value.text.slice(0, dots), value.text.slice(dots + 2)];
  const [min, max] = [boundOf(left, unit, nowMs), boundOf(right, unit, nowMs)];
  if (!min && !max) {
    if (unit === 'any' || unit === 'size') return undefined;
    throw unexpected(value.text, value.offset, unit, written);
  }
  if (!min && left !== '') throw unexpected(left, value.offset, unit, written);
  const rightOffset = value.offset + dots + 2;
  if (!max && right !== '') throw unexpected(right, rightOffset, unit, `${written}${left}..`);
  if (min && max && min.isTime !== max.isTime) {
    throw new QueryMistake(rightOffset, 'expected both ends of the range to be times, or both to be numbers');
  }
  if (min && max && min.value > max.value) {
    throw new QueryMistake(rightOffset, `expected the range to end after it starts, found ${value.text}`);
  }
  return {
    kind: 'range',
    ...(min?.isTime || max?.isTime ? { unit: 'time' as const } : {}),
    ...(min ? { min: min.value, minInclusive: true } : {}),
    ...(max ? { max: max.value, maxInclusive: true } : {}),
  };
}

function between(min: Bound, max: number): Comparison {
  return {
    kind: 'range',
    ...(min.isTime ? { unit: 'time' as const } : {}),
    min: min.value,
    minInclusive: true,
    max,
    maxInclusive: true,
  };
}

function boundOf(text: string, unit: FieldUnit, nowMs: number): Bound | undefined {
  switch (unit) {
    case 'time': {
      const agoMs = parseDuration(text);
      return boundAt(text === 'now' ? nowMs : agoMs === undefined ? parseMoment(text) : nowMs - agoMs, true);
    }
    case 'duration':
      return boundAt(parseDuration(text) ?? parseNumber(text), false);
    case 'count':
      return boundAt(parseNumber(text), false);
    case 'size':
      return boundAt(parseSize(text), false);
    case 'any': {
      const amount = parseSize(text) ?? parseDuration(text);
      return amount === undefined ? boundAt(parseMoment(text), true) : boundAt(amount, false);
    }
  }
}

function boundAt(value: number | undefined, isTime: boolean): Bound | undefined {
  if (value === undefined || !Number.isFinite(value)) return undefined;
  if (!isTime) return { value, isTime };
  return isMoment(value) ? { value: Math.round(value), isTime } : undefined;
}

function unexpected(text: string, offset: number, unit: FieldUnit, written: string): QueryMistake {
  if ((unit === 'time' || unit === 'any') && lacksZone(text)) {
    return new QueryMistake(offset + text.length, 'expected a zone after the time: Z or an offset like +01:00');
  }
  const quote = unit === 'any' || unit === 'size' ? '; quote the value to search for the text' : '';
  return new QueryMistake(offset, `expected ${expectations[unit]} after '${written}'${quote}`);
}
