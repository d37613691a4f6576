/** Real traces, printed by the runtimes of this machine: every frame is found, at the line that threw, and opens. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { build } from 'esbuild';
import { findTraces } from '../../src/stacktrace/findTraces.ts';
import { openWorkspaceFiles } from '../../src/stacktrace/listWorkspaceFiles.ts';
import { readSource } from '../../src/stacktrace/readSource.ts';
import { resolveTrace } from '../../src/stacktrace/resolveTrace.ts';
import { SourceMaps } from '../../src/stacktrace/sourceMap.ts';
import { type Frame, rootCause, type Trace, tracesWithin } from '../../src/stacktrace/trace.ts';

function folderWith(t: TestContext, files: Readonly<Record<string, string>>): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'ingest-trace-stack-')));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
}

function run(command: string, args: readonly string[], cwd: string): string {
  const ran = spawnSync(command, args, { cwd, encoding: 'utf8', timeout: 60_000 });
  assert.equal(ran.error, undefined, `${command} runs`);
  return ran.stderr;
}

/** Skips where a runtime is missing, except in CI, where everything has to be there. */
function has(t: TestContext, command: string, args: readonly string[], install: string): boolean {
  const ran = spawnSync(command, args, { encoding: 'utf8', timeout: 60_000 });
  if (ran.status === 0) return true;
  assert.notEqual(process.env['CI'], 'true', `${command} is needed: ${install}`);
  t.skip(`no ${command} on this machine: ${install}`);
  return false;
}

function framesOf(traces: readonly Trace[]): Frame[] {
  return traces.flatMap((trace) => [...tracesWithin(trace)]).flatMap((trace) => trace.frames);
}

/** The text of a source line that a frame's own code must show: `// here: name` marks it. */
function assertAtMark(folder: string, frame: Frame | undefined, mark: string): void {
  assert.ok(frame?.file !== undefined && frame.line1 !== undefined, `a frame for ${mark}`);
  const path = frame.file.startsWith('/') ? frame.file : join(folder, frame.file);
  const line = readFileSync(path, 'utf8').split('\n')[frame.line1 - 1] ?? '';
  assert.ok(line.includes(`here: ${mark}`), `${frame.raw} stands on ${JSON.stringify(line)}, not on ${mark}`);
}

const nodeSource = `interface Row { readonly id: number }
class ReadError extends Error {
  override readonly name = 'ReadError';
}
export function readRow(row: Row | undefined): number {
  if (!row) throw new ReadError('no row\\nin the object'); // here: thrown
  return row.id;
}
export class Batch {
  async read(rows: readonly (Row | undefined)[]): Promise<void> {
    await Promise.all(rows.map(async (row) => {
      await Promise.resolve();
      readRow(row); // here: called
    }));
  }
}
try {
  await new Batch().read([{ id: 1 }, undefined]);
} catch (error) {
  throw new AggregateError([new TypeError('first'), new RangeError('second')], 'batch failed', { cause: error }); // here: wrapped
}
`;

test('Node: a bundle with source maps, uncaught, names the sources’ lines', async (t) => {
  const folder = folderWith(t, { 'src/batch.ts': nodeSource });
  await build({
    absWorkingDir: folder,
    entryPoints: ['src/batch.ts'],
    bundle: true,
    format: 'esm',
    sourcemap: true,
    outfile: 'dist/batch.mjs',
    logLevel: 'silent',
  });
  const printed = run(process.execPath, ['--enable-source-maps', 'dist/batch.mjs'], folder);
  const [trace, ...others] = findTraces(printed);
  assert.ok(trace, printed);
  assert.deepEqual(others, []);
  assert.equal(framesOf([trace]).length, printed.match(/^\s+at /gm)?.length, printed);
  assert.equal(trace.type, 'AggregateError');
  assert.deepEqual(
    trace.members?.map(({ type, message }) => `${type}: ${message}`),
    ['TypeError: first', 'RangeError: second'],
  );
  const root = rootCause(trace);
  assert.equal(root.type, 'ReadError');
  assert.match(root.message ?? '', /^no row\n\s*in the object$/);
  assertAtMark(folder, root.frames[0], 'thrown');
  assertAtMark(folder, root.frames[1], 'called');
  assertAtMark(folder, trace.frames[0], 'wrapped');
});

test('Node: the same bundle without mapping is mapped by the map beside it, and by an inline one', async (t) => {
  for (const sourcemap of ['linked', 'external', 'inline'] as const) {
    const folder = folderWith(t, { 'src/batch.ts': nodeSource, 'other/src/batch.ts': 'export {};\n' });
    await build({
      absWorkingDir: folder,
      entryPoints: ['src/batch.ts'],
      bundle: true,
      minify: true,
      format: 'esm',
      sourcemap,
      outfile: 'dist/batch.mjs',
      logLevel: 'silent',
    });
    const [trace] = findTraces(run(process.execPath, ['dist/batch.mjs'], folder));
    assert.ok(trace);
    const resolved = await resolveTrace(trace, { files: [await openWorkspaceFiles(folder)], readSource });
    const inApp = resolved.filter(({ frame }) => frame.file?.endsWith('batch.mjs'));
    assert.ok(inApp.length >= 4);
    for (const { frame, resolution } of inApp) {
      assert.equal(resolution.kind, 'file', `${frame.raw}: ${resolution.why}`);
      if (resolution.kind !== 'file') continue;
      assert.equal(resolution.path, join(folder, 'src/batch.ts'));
      const line = nodeSource.split('\n')[resolution.line1 - 1] ?? '';
      assert.match(line, /here: |read\(|Promise\.all/, `${sourcemap}: ${frame.raw} is ${line}`);
      assert.match(resolution.why, /by the source map/);
    }
  }
});

test('Node: a bundle that lies elsewhere is mapped by a folder of maps', async (t) => {
  const folder = folderWith(t, { 'src/batch.ts': nodeSource, 'other/src/batch.ts': 'export {};\n' });
  const elsewhere = folderWith(t, { 'maps/assets/keep.txt': '', 'maps/batch.mjs.map': '{' });
  await build({
    absWorkingDir: folder,
    entryPoints: ['src/batch.ts'],
    bundle: true,
    minify: true,
    format: 'esm',
    sourcemap: 'external',
    outfile: join(elsewhere, 'host/assets/batch.mjs'),
    logLevel: 'silent',
  });
  renameSync(join(elsewhere, 'host/assets/batch.mjs.map'), join(elsewhere, 'maps/assets/batch.mjs.map'));
  const [trace] = findTraces(run(process.execPath, ['host/assets/batch.mjs'], elsewhere));
  assert.ok(trace);
  const files = [await openWorkspaceFiles(folder)];
  const sourceMaps = new SourceMaps(readSource, [join(elsewhere, 'maps/')]);
  const resolved = await resolveTrace(trace, { files, readSource, sourceMaps });
  const inApp = resolved.filter(({ frame }) => frame.file?.endsWith('batch.mjs'));
  assert.ok(inApp.length >= 4);
  for (const { frame, resolution } of inApp) {
    assert.equal(resolution.kind === 'file' && resolution.path, join(folder, 'src/batch.ts'), resolution.why);
    const line = resolution.kind === 'file' ? (nodeSource.split('\n')[resolution.line1 - 1] ?? '') : '';
    assert.match(line, /here: |read\(|Promise\.all/, `${frame.raw} is ${line}`);
    assert.match(resolution.why, /by the source map .*maps\/assets\/batch\.mjs\.map$/);
  }
  const without = await resolveTrace(trace, { files, readSource });
  assert.ok(without.every(({ resolution }) => resolution.kind !== 'file'));
});

test('Node: a path that climbs reads no map outside of the folder of maps', async (t) => {
  const folder = folderWith(t, { 'maps/a.js.map': '{}', 'secret/b.js.map': '{}' });
  const asked: string[] = [];
  const maps = new SourceMaps(
    (path, maxBytes) => {
      asked.push(path);
      return readSource(path, maxBytes);
    },
    [join(folder, 'maps')],
  );
  await maps.mapFromFolders('/x/../../secret/b.js', 1, 1);
  await maps.mapFromFolders('../secret/b.js', 1, 1);
  assert.ok(asked.length > 0);
  for (const path of asked) assert.ok(path.startsWith(join(folder, 'maps/')), path);
});

test('Node: a damaged map and one outside the workspace are not followed', async (t) => {
  const thrower = 'function fail() {\n  throw new Error("x");\n}\nfail();\n';
  const folder = folderWith(t, {
    'a/bundle.cjs': thrower,
    'a/bundle.cjs.map': '{"version":3,"sources":["x.ts"],"mappings":',
    'b/bundle.cjs': `${thrower}//# sourceMappingURL=../../../../../../etc/passwd\n`,
  });
  const files = [await openWorkspaceFiles(folder)];
  for (const name of ['a', 'b']) {
    const [trace] = findTraces(run(process.execPath, [`${name}/bundle.cjs`], folder));
    assert.ok(trace);
    const [first] = await resolveTrace(trace, { files, readSource });
    assert.equal(first?.resolution.kind === 'file' && first.resolution.path, join(folder, name, 'bundle.cjs'));
  }
});

test('Python: chained errors, recursion and groups', async (t) => {
  if (!has(t, 'python3', ['-c', 'ExceptionGroup'], 'apt-get install python3 (3.11 or newer)')) return;
  const folder = folderWith(t, {
    'pkg/reader.py': `import json
def deep(n):
    if n == 0:
        raise ValueError("bad\\n  two lines")  # here: thrown
    deep(n - 1)  # here: recursion
def load():
    try:
        deep(9)
    except ValueError as error:
        raise KeyError("k") from error  # here: wrapped
def group():
    errors = []
    for f in (load, lambda: json.loads("{")):
        try:
            f()
        except Exception as error:
            errors.append(error)
    raise ExceptionGroup("many", errors)  # here: grouped
`,
    'other/pkg/reader.py': 'pass\n',
    'main.py': 'from pkg.reader import group\ngroup()\n',
  });
  const printed = run('python3', ['main.py'], folder);
  const [trace, ...others] = findTraces(printed);
  assert.ok(trace, printed);
  assert.deepEqual(others, []);
  assert.equal(framesOf([trace]).length, printed.match(/File "/g)?.length, printed);
  assert.equal(trace.type, 'ExceptionGroup');
  assertAtMark(folder, trace.frames[0], 'grouped');
  const [first, second] = trace.members ?? [];
  assert.equal(second?.type, 'json.decoder.JSONDecodeError');
  assertAtMark(folder, first?.frames[0], 'wrapped');
  assertAtMark(folder, first?.cause?.frames[0], 'thrown');
  assert.ok(first?.cause?.frames.some((frame) => (frame.repeated ?? 1) > 1));
  const resolved = await resolveTrace(trace, { files: [await openWorkspaceFiles(folder)], readSource });
  for (const { frame, resolution } of resolved) {
    if (frame.inApp) assert.equal(resolution.kind === 'file' && resolution.path, frame.file, frame.raw);
    else assert.equal(resolution.kind, 'none', frame.raw);
  }
});

test('JVM: causes, suppressed ones, lambdas and threads', async (t) => {
  if (!has(t, 'java', ['-version'], 'apt-get install default-jdk-headless')) return;
  const source = `package com.acme.ingest;
import java.util.List;
public class Loader {
  static class Source implements AutoCloseable {
    public void close() {
      throw new IllegalStateException("close\\nfailed"); // here: suppressed
    }
  }
  static void read(int n) {
    if (n == 0) throw new IllegalArgumentException("bad: value"); // here: thrown
    read(n - 1);
  }
  static void load() {
    try (Source source = new Source()) {
      read(3);
    } catch (RuntimeException error) {
      throw new RuntimeException("wrapped", error); // here: wrapped
    }
  }
  public static void main(String[] args) throws Exception {
    Thread thread = new Thread(() -> List.of(1).forEach(x -> load()), "worker 7");
    thread.start();
    thread.join();
  }
}
`;
  const path = 'src/main/java/com/acme/ingest/Loader.java';
  const folder = folderWith(t, {
    [path]: source,
    'src/main/java/com/acme/other/Loader.java': 'package com.acme.other;\n',
  });
  const printed = run('java', [path], folder);
  const [trace, ...others] = findTraces(printed);
  assert.ok(trace, printed);
  assert.deepEqual(others, []);
  assert.equal(framesOf([trace]).length, printed.match(/^\s+at /gm)?.length, printed);
  assert.equal(trace.thread, 'worker 7');
  const lines = source.split('\n');
  const lineOf = (frame: Frame | undefined): string => lines[(frame?.line1 ?? 0) - 1] ?? '';
  assert.match(lineOf(trace.frames[0]), /here: wrapped/);
  assert.match(lineOf(rootCause(trace).frames[0]), /here: thrown/);
  assert.match(lineOf(trace.cause?.suppressed?.[0]?.frames[0]), /here: suppressed/);
  const resolved = await resolveTrace(trace, { files: [await openWorkspaceFiles(folder)], readSource });
  for (const { frame, resolution } of resolved) {
    if (frame.inApp) assert.equal(resolution.kind === 'file' && resolution.path, join(folder, path), frame.raw);
    else assert.equal(resolution.kind, 'none', frame.raw);
  }
});
