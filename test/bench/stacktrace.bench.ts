/** Measures how fast stack traces are found: `npm run bench -- stacktrace` prints MB/s. Files of frames: `stacktraceFiles`. */

import { findTraces, tracesIn } from '../../src/stacktrace/findTraces.ts';
import { median, processorMsSince } from './times.ts';
import { forms, hostile, logs, services } from './traceTexts.ts';

/**
 * Whole: one text of 2 MB, all its traces held at the end. In pieces: texts of about 64 KB, as records and documents are,
 * each trace let go of before the next one is read, as `ingest-trace trace` does. All texts are read in turn, round after
 * round in one process, so that no reader is compiled for one language alone; a first round of everything, in which most is
 * compiled, does not count.
 *
 * Processor time of all threads, the garbage collector's and the compiler's too. Where other processes use the same cores'
 * caches and units, it grows all the same: a fixed piece of work, done right before and behind each text, tells by how
 * much. `alone` is the median of the speeds with that taken out, `measured` the median as it was.
 */
const groups = { services, logs, hostile, 'fixtures, each form once': forms };
const measures = Object.entries(groups).flatMap(([group, texts]) =>
  Object.entries(texts).map(([name, text]) => ({
    group,
    name,
    text,
    parts: piecesOf(text),
    pieces: [] as Measure[],
    whole: [] as Measure[],
  })),
);

/** Of a text: how long it took, and the fixed work beside it. */
interface Measure {
  readonly ms: number;
  readonly fixedMs: number;
}

const fixedText = piecesOf(logs['plain, without traces'] ?? '').join('');
const fixed: number[] = [];

for (const { parts } of measures) countTraces(parts);
for (const group of Object.keys(groups)) {
  const own = measures.filter((one) => one.group === group);
  for (let round = 0; round < 11; round++) {
    for (const { parts, pieces } of own) {
      pieces.push(
        measured(() => {
          countTraces(parts);
        }),
      );
    }
  }
}
// Last: where very many traces have lived long, engines put later ones into the old generation at once, which is slow.
for (let round = 0; round < 3; round++) {
  for (const { text, whole } of measures) whole.push(measured(() => findTraces(text)));
}

/** The fixed work where nothing else runs: a tenth of all were faster. */
const aloneMs = fixed.toSorted((a, b) => a - b)[Math.floor(fixed.length / 10)] ?? Number.NaN;

for (const group of Object.keys(groups)) {
  const own = measures.filter((one) => one.group === group);
  console.log(
    `\n${group}, MB/s`.padEnd(40),
    ...['alone', 'measured', 'best', 'whole'].map((title) => title.padStart(9)),
    '  traces',
  );
  const alone = (text: string, times: readonly Measure[]): number =>
    text.length / 1e3 / median(times.map(({ ms, fixedMs }) => (ms * aloneMs) / fixedMs));
  for (const { name, text, parts, pieces, whole } of own) {
    const times = pieces.map(({ ms }) => ms);
    const speeds = [
      alone(text, pieces),
      text.length / 1e3 / median(times),
      text.length / 1e3 / Math.min(...times),
      alone(text, whole),
    ];
    console.log(
      name.padEnd(39),
      ...speeds.map((speed) => speed.toFixed(1).padStart(9)),
      String(countTraces(parts)).padStart(8),
    );
  }
  const [slowest] = own
    .map(({ name, text, pieces }) => ({ name, speed: alone(text, pieces) }))
    .sort((a, b) => a.speed - b.speed);
  if (slowest) console.log(`slowest of ${group}: ${slowest.name}, ${slowest.speed.toFixed(1)} MB/s`);
}
console.log(
  `\nthe fixed work took ${aloneMs.toFixed(2)} ms alone, ${median(fixed).toFixed(2)} ms in the median: other processes`,
  `took ${(100 * (1 - aloneMs / median(fixed))).toFixed(0)}% of the speed`,
);

function countTraces(texts: readonly string[]): number {
  let count = 0;
  for (const text of texts) for (const _ of tracesIn(text)) count++;
  return count;
}

function measured(work: () => void): Measure {
  const before = fixedWork();
  const ms = processorMs(work);
  return { ms, fixedMs: (before + fixedWork()) / 2 };
}

function fixedWork(): number {
  let hash = 0;
  const ms = processorMs(() => {
    for (let at = 0; at < fixedText.length; at++) hash = (hash * 31 + fixedText.charCodeAt(at)) | 0;
  });
  if (hash === 0) throw new Error('the fixed work was left out');
  fixed.push(ms);
  return ms;
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

function processorMs(work: () => void): number {
  const from = process.cpuUsage();
  work();
  return processorMsSince(from);
}
