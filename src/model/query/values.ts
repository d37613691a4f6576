/** Numbers, sizes, durations and moments as people write them in a query. Each parser is linear and never throws. */

import { parseTimestamp } from '../record.ts';

const number = /^-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
const size = /^(\d+(?:\.\d+)?)(B|kB|KB|MB|GB|TB|KiB|MiB|GiB|TiB)$/;
const date = /^\d{4}-\d{2}-\d{2}$/;
const withoutSeconds = /^(\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2})((?:[Zz]|[+-]\d{2}:\d{2}))$/;
const withoutZone = /^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?$/;
const epochMs = /^\d{12,15}$/;

const bytesPerUnit: Readonly<Record<string, number>> = {
  B: 1,
  kB: 1e3,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
};

const msPerUnit: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

export const dayMs = 86_400_000;

/** Moments of a query lie in the years 0 to 9999, which RFC 3339 can write. */
export function isMoment(ms: number): boolean {
  return ms >= -62_167_219_200_000 && ms <= 253_402_300_799_999;
}

/** A JSON-like number: `5`, `-1.5`, `2e3`. */
export function parseNumber(text: string): number | undefined {
  if (!number.test(text)) return undefined;
  const value = Number(text);
  return Number.isFinite(value) ? value : undefined;
}

/** Bytes: a number, or one with a unit of 1000 (`10MB`) or of 1024 (`10MiB`). */
export function parseSize(text: string): number | undefined {
  const match = size.exec(text);
  if (!match) return parseNumber(text);
  return Number(match[1]) * (bytesPerUnit[match[2] ?? ''] ?? Number.NaN);
}

/** Milliseconds: `15m`, `2h`, `500ms`, `1.5s`, `7d`, `1w`, or several together: `1h30m`. */
export function parseDuration(text: string): number | undefined {
  const part = /(\d+(?:\.\d+)?)(ms|s|m|h|d|w)/y;
  let total = 0;
  let end = 0;
  while (end < text.length) {
    part.lastIndex = end;
    const match = part.exec(text);
    if (!match) return undefined;
    total += Number(match[1]) * (msPerUnit[match[2] ?? ''] ?? Number.NaN);
    end = part.lastIndex;
  }
  return end > 0 && Number.isFinite(total) ? total : undefined;
}

/** Epoch ms of an absolute moment: a date (its first instant, UTC), RFC 3339 with a zone, or epoch ms itself. */
export function parseMoment(text: string): number | undefined {
  if (epochMs.test(text)) return Number(text);
  const dateMs = parseDate(text);
  if (dateMs !== undefined) return dateMs;
  const short = withoutSeconds.exec(text);
  const full = short ? `${short[1]}:00${short[2]}` : text;
  // Date.parse would take 30 February for 2 March.
  return parseDate(full.slice(0, 10)) === undefined ? undefined : parseTimestamp(full);
}

/** Epoch ms of the first instant, in UTC, of a day of the calendar: `2026-11-23`. */
export function parseDate(text: string): number | undefined {
  if (!date.test(text)) return undefined;
  const ms = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(text) ? ms : undefined;
}

/** True for a date and time that lacks nothing but its zone. */
export function lacksZone(text: string): boolean {
  return withoutZone.test(text);
}
