/** Measures how fast stack traces are found: `npm run bench -- stacktrace` prints MB/s. Files of frames: `stacktraceFiles`. */

import { findTraces } from '../../src/stacktrace/findTraces.ts';
import { forms, hostile, logs, services } from './traceTexts.ts';

/**
 * Whole: one text of 2 MB, all its traces held at the end. In pieces: texts of about 64 KB, as records and documents are,
 * each let go of after it is read. All texts are read in turn, round after round in one process, so that no reader is
 * compiled for one language alone; a first round of everything, in which most is compiled, does not count.
 */
const groups = { services, logs, hostile, 'fixtures, each form once': forms };
const measures = Object.entries(groups).flatMap(([group, texts]) =>
  Object.entries(texts).map(([name, text]) => ({
    group,
    name,
    text,
    parts: piecesOf(text),
    traces: findTraces(text).length,
    pieces: [] as number[],
    whole: [] as number[],
  })),
);
for (const group of Object.keys(groups)) {
  const own = measures.filter((one) => one.group === group);
  for (let round = 0; round < 11; round++) {
    for (const { parts, pieces } of own) {
      pieces.push(
        processorMs(() => {
          for (const part of parts) findTraces(part);
        }),
      );
    }
  }
  for (let round = 0; round < 3; round++) {
    for (const { text, whole } of own) whole.push(processorMs(() => findTraces(text)));
  }
  console.log(
    `\n${group}`.padEnd(40),
    'MB/s in pieces'.padStart(16),
    'best'.padStart(8),
    'whole'.padStart(8),
    ' traces',
  );
  for (const { name, text, pieces, whole, traces } of own) {
    const speed = (ms: number): string => (text.length / 1e3 / ms).toFixed(1);
    console.log(
      name.padEnd(39),
      speed(median(pieces)).padStart(16),
      speed(Math.min(...pieces)).padStart(8),
      speed(median(whole)).padStart(8),
      String(traces).padStart(7),
    );
  }
  const [slowest] = own
    .map(({ name, text, pieces }) => ({ name, speed: text.length / 1e3 / median(pieces) }))
    .sort((a, b) => a.speed - b.speed);
  if (slowest) console.log(`slowest of ${group}: ${slowest.name}, ${slowest.speed.toFixed(1)} MB/s in pieces`);
}

/** Cut at line ends, where there are any; flat, as text that was read is. */
function piecesOf(text: string): string[] {
  const pieces: string[] = [];
  for (let start = 0; start < text.length; ) {
    const newline = text.indexOf('\n', start + (64 << 10));
    const end = newline === -1 ? text.length : newline + 1;
    pieces.push(Buffer.from(text.slice(start, end)).toString());
    start = end;
  }
  return pieces;
}

/** Of all threads, the garbage collector's and the compiler's too, so that what else runs on the machine counts less. */
function processorMs(work: () => void): number {
  const from = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(from);
  return (user + system) / 1000;
}

function median(times: readonly number[]): number {
  return times.toSorted((a, b) => a - b)[times.length >> 1] ?? Number.NaN;
}
