/** Measures how fast stack traces are found: `npm run bench -- stacktrace` prints MB/s. Files of frames: `stacktraceFiles`. */

import { findTraces } from '../../src/stacktrace/findTraces.ts';
import { forms, hostile, logs, services } from './traceTexts.ts';

/**
 * Whole: one text of 4 MB, all its traces held at the end. In pieces: texts of about 64 KB, as records and documents are,
 * each let go of after it is read. All texts in one process, one after the other, so that no reader is compiled for one
 * language alone.
 */
const measures: [group: string, name: string, whole: number, pieces: number][] = [];
for (const [group, texts] of Object.entries({ services, logs, hostile, 'fixtures, each form once': forms })) {
  console.log(
    `\n${group}`.padEnd(40),
    'MB/s in pieces'.padStart(16),
    'best'.padStart(8),
    'whole'.padStart(8),
    ' traces',
  );
  for (const [name, text] of Object.entries(texts)) {
    const parts = piecesOf(text);
    let traces = findTraces(text).length;
    const pieces = timesOf(5, () => {
      for (const part of parts) findTraces(part);
    });
    const whole = timesOf(3, () => {
      traces = findTraces(text).length;
    });
    const speed = (ms: number): string => (text.length / 1e3 / ms).toFixed(1);
    console.log(
      name.padEnd(39),
      speed(median(pieces)).padStart(16),
      speed(Math.min(...pieces)).padStart(8),
      speed(median(whole)).padStart(8),
      String(traces).padStart(7),
    );
    measures.push([group, name, text.length / 1e3 / median(whole), text.length / 1e3 / median(pieces)]);
  }
}
for (const group of ['services', 'hostile']) {
  const own = measures.filter(([of]) => of === group).sort((a, b) => a[3] - b[3]);
  const [slowest] = own;
  if (slowest) console.log(`\nslowest of ${group}: ${slowest[1]}, ${slowest[3].toFixed(1)} MB/s in pieces`);
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

/** Processor time of all threads, the garbage collector's too, so that what else runs on the machine counts less. */
function timesOf(runs: number, work: () => void): number[] {
  return Array.from({ length: runs }, () => {
    const from = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(from);
    return (user + system) / 1000;
  });
}

function median(times: readonly number[]): number {
  return times.toSorted((a, b) => a - b)[times.length >> 1] ?? Number.NaN;
}
