/**
 * Measures how frames find their files in a workspace of 100,000: `npm run bench -- stacktraceFiles` makes a git repository
 * of so many real files in a temporary folder, then prints how long the index takes to build, what it holds in memory, and
 * how long a frame takes, the file's text read and checked each time.
 */

import { spawnSync } from 'node:child_process';
import { linkSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { findTraces } from '../../src/stacktrace/findTraces.ts';
import { openWorkspaceFiles } from '../../src/stacktrace/listWorkspaceFiles.ts';
import { readSource } from '../../src/stacktrace/readSource.ts';
import { resolveFrame } from '../../src/stacktrace/resolveFrame.ts';
import { resolveTrace } from '../../src/stacktrace/resolveTrace.ts';
import type { Frame } from '../../src/stacktrace/trace.ts';
import type { WorkspaceFiles } from '../../src/stacktrace/workspaceFiles.ts';

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

const files = 100_000;
/** Of these git knows nothing yet. */
const untracked = 2_000;
const rounds = 5;
const frames = 4_000;

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'ingest-trace-bench-')));
const templateFolder = realpathSync(mkdtempSync(join(tmpdir(), 'ingest-trace-bench-')));
try {
  const paths = makeRepository();
  await measureIndex();
  const workspace = await openWorkspaceFiles(folder);
  await measureFrames(workspace, paths);
  await measureTraces(workspace);
} finally {
  rmSync(folder, { recursive: true, force: true });
  rmSync(templateFolder, { recursive: true, force: true });
}

/** Packages of four languages; every tenth file has a name that stands in every package, the others stand in two. */
function makeRepository(): string[] {
  const started = performance.now();
  const paths = Array.from({ length: files }, (_, n) => pathOf(n));
  for (const directory of new Set(paths.map((path) => path.slice(0, path.lastIndexOf('/'))))) {
    mkdirSync(join(folder, directory), { recursive: true });
  }
  // Most files are links to a few: they are as many entries of folders, and take a tenth of the time to make.
  const templates = Array.from({ length: 100 }, (_, n) => {
    const template = join(templateFolder, `${n}`);
    writeFileSync(template, textOf('', n));
    return template;
  });
  for (const [n, path] of paths.entries()) {
    if (path.endsWith('.java')) writeFileSync(join(folder, path), textOf(path, n));
    else linkSync(templates[n % templates.length] ?? '', join(folder, path));
  }
  git(['init', '-q']);
  // What the files' objects hold is never asked for: one for all saves a minute.
  const blob = git(['hash-object', '-w', '--stdin'], '').trim();
  const entries = paths.slice(untracked).map((path) => `100644 ${blob} 0\t${path}\n`);
  git(['update-index', '--index-info'], entries.join(''));
  console.log(`made ${files} files, ${untracked} of them untracked, in ${seconds(started)} s`);
  return paths;
}

function pathOf(n: number): string {
  const service = `services/s${n % 40}`;
  const number = Math.floor(n / 400);
  const area = `area${number}`;
  const name = Math.floor(n / 40) % 10 === 0 ? 'index' : `module${n % 50_000}`;
  switch (number % 5) {
    case 0:
      return `${service}/src/${area}/${name}.ts`;
    case 1:
      return `${service}/src/main/java/com/acme/s${n % 40}/${area}/C${name}.java`;
    case 2:
      return `${service}/app/${area}/${name}.py`;
    case 3:
      return `${service}/pkg/${area}/${name}.go`;
    default:
      return `${service}/test/${area}/${name}.ts`;
  }
}

/** 60 lines; the function `step` is called on line 30. */
function textOf(path: string, n: number): string {
  const start = path.endsWith('.java')
    ? `package ${path.slice(path.indexOf('com/'), path.lastIndexOf('/')).replaceAll('/', '.')};`
    : `// ${n}`;
  const lines = Array.from({ length: 60 }, (_, line) => `  const value${line} = compute(${n}, ${line});`);
  lines[0] = start;
  lines[19] = 'function run() {';
  lines[29] = '  step(value);';
  return `${lines.join('\n')}\n`;
}

function git(args: readonly string[], input?: string): string {
  const ran = spawnSync('git', args, { cwd: folder, encoding: 'utf8', ...(input === undefined ? {} : { input }) });
  if (ran.status !== 0) throw new Error(`git ${args.join(' ')}: ${ran.stderr}`);
  return ran.stdout;
}

/** Listing by git included; memory is what is still held once nothing but the index is referred to. */
async function measureIndex(): Promise<void> {
  const times: number[] = [];
  let bytes = 0;
  for (let round = 0; round < rounds; round++) {
    collectGarbage();
    const before = process.memoryUsage().heapUsed;
    const started = performance.now();
    const workspace = await openWorkspaceFiles(folder);
    times.push(performance.now() - started);
    collectGarbage();
    // Of the first round: later ones may start with what the round before has not let go of.
    if (round === 0) bytes = process.memoryUsage().heapUsed - before;
    // Asked for after the measurement: until then nothing of the index may be collected.
    if (workspace.size !== files) throw new Error(`${workspace.size} files in the index`);
  }
  print('index, listed by git', times, 'ms');
  console.log(
    `index: ${(bytes / 1e6).toFixed(1)} MB held, ${(process.resourceUsage().maxRSS / 1e3).toFixed(0)} MB of memory at most`,
  );
}

/** Frames of another machine, each of another file, with the function that they called. */
async function measureFrames(workspace: WorkspaceFiles, paths: readonly string[]): Promise<void> {
  const times: number[] = [];
  const kinds = new Map<string, number>();
  let wrong = 0;
  for (let n = 0; n < frames; n++) {
    const path = paths[(n * 7919) % files] ?? '';
    const frame = frameOf(path);
    const started = performance.now();
    const found = await resolveFrame(frame, { files: [workspace], readSource, callee: 'step' });
    times.push(performance.now() - started);
    kinds.set(found.kind, (kinds.get(found.kind) ?? 0) + 1);
    if (found.kind === 'file' && found.path !== `${folder}/${path}`) wrong++;
  }
  print('a frame resolved, its file read', times, 'ms');
  console.log('frames:', Object.fromEntries(kinds), `wrong: ${wrong}`);
  if (wrong > 0) process.exitCode = 1;
}

function frameOf(path: string): Frame {
  const base = { raw: '', function: 'run', line1: 30, inApp: true, start: 0, end: 0 };
  if (!path.endsWith('.java')) return { ...base, file: `/app/${path}` };
  const name = path
    .slice(path.indexOf('com/'))
    .replaceAll('/', '.')
    .replace(/\.java$/, '');
  return { ...base, file: path.slice(path.lastIndexOf('/') + 1), module: name };
}

/** Whole traces, neighbours taken into account, from text on. */
async function measureTraces(workspace: WorkspaceFiles): Promise<void> {
  const times: number[] = [];
  for (let n = 0; n < 200; n++) {
    const calls = Array.from({ length: 20 }, (_, depth) => `    at run (/app/${pathOf((n * 20 + depth) * 40)}:30:3)`);
    const [trace] = findTraces(`Error: failed\n${calls.join('\n')}\n`);
    if (!trace) throw new Error('no trace');
    const started = performance.now();
    await resolveTrace(trace, { files: [workspace], readSource });
    times.push((performance.now() - started) / trace.frames.length);
  }
  print('a frame of a trace of 20', times, 'ms');
}

function print(what: string, times: number[], unit: string): void {
  times.sort((a, b) => a - b);
  const at = (part: number): string =>
    (times[Math.min(times.length - 1, Math.floor(times.length * part))] ?? 0).toFixed(3);
  console.log(`${what}: median ${at(0.5)} ${unit}, 99th percentile ${at(0.99)} ${unit}, worst ${at(1)} ${unit}`);
}

function seconds(started: number): string {
  return ((performance.now() - started) / 1000).toFixed(1);
}
