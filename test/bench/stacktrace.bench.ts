/** Measures stack traces: `npm run bench -- stacktrace` prints MB/s of finding, ms per resolved frame, memory of the index. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { findTraces } from '../../src/stacktrace/findTraces.ts';
import { resolveFrame } from '../../src/stacktrace/resolveFrame.ts';
import type { Frame } from '../../src/stacktrace/trace.ts';
import { WorkspaceFiles } from '../../src/stacktrace/workspaceFiles.ts';

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

const targetBytes = 8 << 20;
const fixtures = join(import.meta.dirname, '../fixtures/traces');
const fixture = (name: string): string => readFileSync(join(fixtures, `${name}.txt`), 'utf8');
const upTo = (text: string, bytes = targetBytes): string => text.repeat(Math.ceil(bytes / text.length));
const allTraces = readdirSync(fixtures)
  .filter((name) => name.endsWith('.txt') && !name.includes('almost'))
  .map((name) => readFileSync(join(fixtures, name), 'utf8'))
  .join('\n');

/** As services print them: long, and of few forms. The fixtures are short and of all forms, so they take longer. */
const cycled = (lines: readonly string[], count: number): string =>
  Array.from({ length: count }, (_, n) => `${lines[n % lines.length]}\n`).join('');
const jvmFrames = [
  '\tat com.acme.ingest.worker.Loader.readRow(Loader.java:41)',
  '\tat org.springframework.web.servlet.FrameworkServlet.service(FrameworkServlet.java:897)',
  '\tat java.base/java.util.concurrent.ThreadPoolExecutor.runWorker(ThreadPoolExecutor.java:1136)',
  '\tat com.acme.ingest.api.TaskController$$EnhancerBySpringCGLIB$$1a2b.handle(TaskController.java:77)',
];
const jvmService = `2026-11-23 10:00:00,123 ERROR [main] c.a.Loader - failed
com.acme.ingest.LoadException: batch 12
${cycled(jvmFrames, 60)}Caused by: java.io.IOException: cut
${cycled(jvmFrames, 20)}\t... 40 more
`;
const javascriptService = `2026-11-23T10:00:00.000Z ERROR w-7 task t-1 failed
TypeError: Cannot read properties of undefined (reading 'rows')
${cycled(
  [
    '    at loadBatch (/srv/ingest/src/worker/loadBatch.ts:41:17)',
    '    at async Worker.run (/srv/ingest/src/worker/worker.ts:88:5)',
    '    at process.processTicksAndRejections (node:internal/process/task_queues:105:5)',
    '    at Parser.parse (/srv/ingest/node_modules/csv-parse/lib/index.js:100:3)',
  ],
  10,
)}`;

const texts: Readonly<Record<string, string>> = {
  'JVM service': upTo(jvmService),
  'JavaScript service': upTo(javascriptService),
  'JavaScript fixture': upTo(fixture('javascript-frames')),
  'Python fixture': upTo(fixture('python-chained')),
  'JVM fixture': upTo(fixture('jvm-causes')),
  'Go fixture': upTo(fixture('go-panic')),
  'C++ fixture': upTo(fixture('cpp-sanitizers')),
  'Rust fixture': upTo(fixture('rust-panic')),
  '.NET fixture': upTo(fixture('dotnet-inner')),
  'Ruby fixture': upTo(fixture('ruby-causes')),
  'PHP fixture': upTo(fixture('php-uncaught')),
  'Elixir fixture': upTo(fixture('beam-elixir')),
  'interleaved writers': upTo(fixture('interleaved')),
  'all fixtures': upTo(allTraces),
  'JSON log lines with stacks': upTo(`${JSON.stringify({ level: 'error', stack: allTraces })}\n`),
  'log without traces': upTo('2026-11-23T10:00:00.000Z INFO w-7 looked at 12 objects of acme/orders in 31 ms\n'),
  'hostile: almost-frames, one line': upTo('    at f (/a/b.ts:1:'),
  'hostile: almost-frames, lines': upTo('    at f (/a/b.ts:1:x)\n    at a.b(c)\n  File "x", line y\n'),
  'hostile: escapes in one line': `{"stack":"${upTo(String.raw`Error: x\n    at f (/a.ts:1:2)\n`)}"}`,
  'hostile: backslashes': upTo(String.raw`\\\n\t`),
  'hostile: nested causes': upTo('Error: a\n    at f (/a.ts:1:2) {\n  [cause]: Error: b\n      at f (/a.ts:1:2) {\n'),
  'hostile: a frame after 63 lines': upTo(`${'x y z\n'.repeat(63)}    at f (/a.ts:1:2)\n`),
  'hostile: almost-places of all languages': upTo('a.go: a.rs: a.cs: a.php: a.ex: a.rb:in #1 @ [0x at a.b( \n'),
  'hostile: panics without backtraces': upTo("thread 'main' panicked at src/main.rs:3:5:\nx\n"),
  'hostile: causes of Ruby': upTo("a.rb:3:in 'b': x (E)\n\tfrom a.rb:3:in 'c'\n"),
  'hostile: Elixir, a frame a line': upTo('    (app 1.0) lib/a.ex:3: A.b/1\n\n'),
  'hostile: blank lines': upTo('\n') + '    at f (/a.ts:1:2)',
};

// Processor time, so that what else runs on the machine counts less. Whole: one text of 8 MB, all its traces held at the
// end. Pieces: texts of about 64 KB, as records and documents are, each let go of after it is read.
console.log('text'.padEnd(36), 'MB/s whole'.padStart(12), 'in pieces'.padStart(12), 'traces'.padStart(9));
for (const [name, text] of Object.entries(texts)) {
  let traces = 0;
  const whole = leastMs(3, () => {
    traces = findTraces(text).length;
  });
  const parts = piecesOf(text);
  const inPieces = leastMs(3, () => {
    for (const part of parts) findTraces(part);
  });
  const speed = (ms: number): string => (text.length / 1e3 / ms).toFixed(1);
  console.log(name.padEnd(36), speed(whole).padStart(12), speed(inPieces).padStart(12), String(traces).padStart(9));
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

/** Of all threads, the garbage collector's too. */
function leastMs(runs: number, work: () => void): number {
  let least = Number.POSITIVE_INFINITY;
  for (let run = 0; run < runs; run++) {
    const from = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(from);
    least = Math.min(least, (user + system) / 1000);
  }
  return least;
}

function heapUsed(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}
