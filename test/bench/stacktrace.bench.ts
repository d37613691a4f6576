/** Measures stack traces: `npm run bench -- stacktrace` prints MB/s of finding, ms per resolved frame, memory of the index. */

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { findTraces } from '../../src/stacktrace/findTraces.ts';
import { resolveFrame } from '../../src/stacktrace/resolveFrame.ts';
import type { Frame } from '../../src/stacktrace/trace.ts';
import { WorkspaceFiles } from '../../src/stacktrace/workspaceFiles.ts';
import { forms, hostile, logs, services } from './traceTexts.ts';

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

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

const files = 100_000;
const before = heapUsed();
// Joined and split: as flat strings, the way a listing hands them over.
const paths = Array.from({ length: files }, (_, n) => {
  // Every 10th name is everywhere, the others stand in three places each.
  const name = n % 10 === 0 ? 'index.ts' : `module${n % 30_000}.ts`;
  return `packages/p${n % 200}/src/area${Math.floor(n / 200)}/${name}`;
})
  .join('\0')
  .split('\0');
const started = performance.now();
const workspace = new WorkspaceFiles('/repo', paths);
const indexMs = performance.now() - started;
const indexBytes = heapUsed() - before;
console.log(
  `\nindex of ${workspace.size} files: ${indexMs.toFixed(0)} ms, ${(indexBytes / 1e6).toFixed(1)} MB with its paths`,
);

const times: number[] = [];
const kinds = new Map<string, number>();
for (let n = 0; n < 5000; n++) {
  const path = paths[(n * 7919) % paths.length] ?? '';
  const frame: Frame = { raw: '', file: `/srv/app/${path}`, line1: 3, inApp: true, start: 0, end: 0 };
  const from = performance.now();
  const { kind } = await resolveFrame(frame, { files: [workspace] });
  times.push(performance.now() - from);
  kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
}
times.sort((a, b) => a - b);
const at = (part: number): string => (times[Math.floor(times.length * part)] ?? 0).toFixed(3);
console.log(
  `resolve: median ${at(0.5)} ms, 99th percentile ${at(0.99)} ms, worst ${at(0.9999)} ms`,
  Object.fromEntries(kinds),
);

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

function heapUsed(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}
