/** Tells interleaved writers apart: lines of `docker compose logs`, `kubectl logs --prefix` and syslog name who wrote them. */

import { Offsets } from './offsets.ts';

/** What one writer wrote, and where that stands in the text of all. */
export interface WriterText {
  readonly text: string;
  readonly offsets: Offsets;
}

const colours = `(?:${String.fromCharCode(27)}\\[[\\d;]*m)*`;
/** `worker-1  | `, `[pod/ingest-7/worker] `, `Nov 23 10:00:00 host ingest[4711]: `, perhaps coloured. */
const prefix = new RegExp(
  `${colours}(?:([\\w.-]{1,80} *\\| )|(\\[(?:pod/)?[\\w-]{1,80}(?:/[\\w.-]{1,80})+\\] )|(?:[\\w<>:.+-]{1,40} +){1,5}?([\\w./-]{1,60}\\[\\d{1,9}\\]: ))`,
  'y',
);

/** More writers than this are read as one: a text in which every line names another is not interleaved. */
const maxWriters = 256;

/** @returns `undefined` when the first line names no writer, or all lines the same one */
export function textsByWriter(text: string): WriterText[] | undefined {
  if (!hasSeveralWriters(text)) return undefined;
  const writers = new Map<string, { lines: string[]; length: number; offsets: Offsets }>();
  let current = '';
  for (let start = 0; start < text.length; ) {
    const next = nextLine(text, start);
    // A line that names nobody goes on with what the one before it said.
    current = writerAt(text, start) ?? current;
    let writer = writers.get(current);
    if (!writer) {
      if (writers.size === maxWriters) return undefined;
      writer = { lines: [], length: 0, offsets: new Offsets(start) };
      writers.set(current, writer);
    }
    writer.offsets.add(writer.length, start);
    writer.lines.push(text.slice(start, next));
    writer.length += next - start;
    start = next;
  }
  return [...writers.values()].map(({ lines, offsets }) => ({ text: lines.join(''), offsets }));
}

/** Told before anything of a text is kept: most have one writer, and may be long. */
function hasSeveralWriters(text: string): boolean {
  const first = writerAt(text, 0);
  if (first === undefined) return false;
  for (let start = nextLine(text, 0); start < text.length; start = nextLine(text, start)) {
    if ((writerAt(text, start) ?? first) !== first) return true;
  }
  return false;
}

function nextLine(text: string, start: number): number {
  const newline = text.indexOf('\n', start);
  return newline === -1 ? text.length : newline + 1;
}

function writerAt(text: string, start: number): string | undefined {
  prefix.lastIndex = start;
  const match = prefix.exec(text);
  return match ? (match[1] ?? match[2] ?? match[3]) : undefined;
}
