/** Frames find their files: the right one, a list, or a reason why not; never a wrong one with confidence. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findTraces } from '../../src/stacktrace/findTraces.ts';
import type { ReadSource } from '../../src/stacktrace/readSource.ts';
import { resolveFrame } from '../../src/stacktrace/resolveFrame.ts';
import { resolveTrace } from '../../src/stacktrace/resolveTrace.ts';
import { type Frame, openConfidence, type Resolution } from '../../src/stacktrace/trace.ts';
import { traceReport } from '../../src/stacktrace/traceReport.ts';
import { WorkspaceFiles } from '../../src/stacktrace/workspaceFiles.ts';

/** A workspace with look-alikes: two packages with the same file names, two services with the same class. */
const sources: Readonly<Record<string, string>> = {
  'packages/reader/src/index.ts': 'export function open() {\n  return decode(bytes);\n}\n',
  'packages/writer/src/index.ts': 'export function close() {\n  return encode(rows);\n}\n',
  'packages/reader/src/decode.ts': 'export function decode() {\n  throw new Error("x");\n}\n',
  'src/worker/main.ts': 'import { run } from "./run.ts";\nawait run();\n',
  'src/worker/run.ts': 'export async function run() {\n  await step();\n}\n',
  'src/coordinator/main.ts': 'start();\n',
  'services/a/src/main/java/com/acme/Loader.java': 'package com.acme;\nclass Loader { void load() { read(); } }\n',
  'services/b/src/main/java/com/acme/Loader.java': 'package com.acme;\nclass Loader { void load() { skip(); } }\n',
  'services/a/src/main/java/com/acme/only/Single.java': 'package com.acme.only;\nclass Single { void go() {} }\n',
  'orders/parser.py': 'def parse(v):\n    return convert(v)\n',
  'tools/orders/parser.py': 'def other():\n    pass\n',
  'request.py': 'def get():\n    pass\n',
  'cmd/ingest/main.go': 'package main\n\nfunc main() { worker.Start() }\n',
};

const readSource: ReadSource = (path) => {
  const text = path.startsWith('/repo/') ? sources[path.slice('/repo/'.length)] : undefined;
  return Promise.resolve(text === undefined ? { kind: 'missing' } : { kind: 'text', text });
};
const workspace = (options = {}): WorkspaceFiles => new WorkspaceFiles('/repo', Object.keys(sources), options);
const frame = (file: string, rest: Partial<Frame> = {}): Frame => ({
  raw: `at ${file}`,
  file,
  line1: 1,
  inApp: true,
  start: 0,
  end: 1,
  ...rest,
});

function pathOf(resolution: Resolution): string {
  assert.equal(resolution.kind, 'file', resolution.why);
  // Just asserted.
  return (resolution as Resolution & { kind: 'file' }).path;
}

test('opens the path itself where it is in the workspace', async () => {
  const found = await resolveFrame(frame('/repo/src/worker/run.ts', { column1: 4 }), { files: [workspace()] });
  assert.deepEqual(found, {
    kind: 'file',
    path: '/repo/src/worker/run.ts',
    line1: 1,
    column1: 4,
    confidence: 0.97,
    why: 'the path itself',
  });
});

test('finds files under other roots by their whole path: container, Windows, URL and bundler paths', async () => {
  for (const file of [
    '/app/src/worker/run.ts',
    String.raw`C:\build\ingest\src\worker\run.ts`,
    'D:/a/b/src/worker/run.ts',
    'webpack://panel/./src/worker/run.ts',
    'webpack:///src/worker/run.ts',
    'https://localhost:3000/src/worker/run.ts',
    './src/worker/run.ts',
    '/_/src/worker/run.ts',
    '/app/dist/../src/worker/run.ts',
  ]) {
    assert.equal(pathOf(await resolveFrame(frame(file), { files: [workspace()] })), '/repo/src/worker/run.ts', file);
  }
});

test('tells files of one name apart by their folders, and offers both where these do not tell', async () => {
  const files = [workspace()];
  const clear = await resolveFrame(frame('/app/packages/writer/src/index.ts'), { files });
  assert.equal(pathOf(clear), '/repo/packages/writer/src/index.ts');
  const unclear = await resolveFrame(frame('/app/src/index.ts'), { files });
  assert.equal(unclear.kind, 'choice');
  assert.deepEqual(unclear.kind === 'choice' && unclear.candidates.map(({ path }) => path), [
    '/repo/packages/reader/src/index.ts',
    '/repo/packages/writer/src/index.ts',
  ]);
});

test('tells them apart by the function that was called on the line', async () => {
  const found = await resolveFrame(frame('/other/a/src/index.ts', { line1: 2, function: 'open' }), {
    files: [workspace()],
    readSource,
    callee: 'Module.decode',
  });
  const paths = found.kind === 'choice' ? found.candidates.map(({ path }) => path) : [pathOf(found)];
  assert.equal(paths[0], '/repo/packages/reader/src/index.ts');
  assert.match(found.why, /decode stands on the line/);
});

test('says that a line is approximate when the callee stands elsewhere, and does not open one past the end', async () => {
  const options = { files: [workspace()], readSource, callee: 'step' };
  const moved = await resolveFrame(frame('/repo/src/worker/run.ts', { line1: 1 }), options);
  assert.equal(moved.kind, 'file');
  assert.match(moved.why, /approximate: step does not stand on the line/);
  const gone = await resolveFrame(frame('/repo/src/worker/run.ts', { line1: 400 }), options);
  assert.equal(gone.kind, 'choice');
  assert.match(gone.why, /has only 3 lines/);
});

test('opens no file that lacks the line, whatever else speaks for it', async () => {
  const single = 'services/a/src/main/java/com/acme/only/Single.java';
  const loader = frame('Single.java', { module: 'com.acme.only.Single' });
  for (const [line1, name, expected] of [
    [2, 'go', 'file'],
    [3, 'go', 'choice'],
    [400, 'go', 'choice'],
    [400, 'stop', 'choice'],
  ] as const) {
    for (const mappings of [[], [{ from: 'com/acme/only', to: single.slice(0, single.lastIndexOf('/')) }]]) {
      const found = await resolveFrame(
        { ...loader, line1, function: name },
        { files: [workspace()], readSource, mappings },
      );
      assert.equal(found.kind, expected, `${line1} ${name}: ${found.why}`);
      if (expected === 'choice') assert.match(found.why, /^not sure: .*the file has only 2 lines/);
      assert.equal(found.why.includes('though it has go'), expected === 'choice' && name === 'go');
    }
  }
});

test('calls a line approximate on which nothing stands, or above which its function never does', async () => {
  const text = 'import { a } from "./a.ts";\n\nexport function run() {\n  a();\n}\n';
  const options = {
    files: [new WorkspaceFiles('/repo', ['src/worker/run.ts'])],
    readSource: () => Promise.resolve({ kind: 'text', text } as const),
  };
  const why = async (line1: number, rest: Partial<Frame>) => {
    const found = await resolveFrame(frame('/app/src/worker/run.ts', { line1, ...rest }), options);
    assert.equal(found.kind, 'file', found.why);
    return found.why;
  };
  assert.match(await why(1, { function: 'run' }), /approximate: run stands below the line only/);
  assert.match(await why(2, { function: 'run' }), /approximate: nothing stands on the line/);
  assert.match(await why(4, { function: 'run' }), /the file has run$/);
  assert.match(await why(3, { function: 'run' }), /the file has run$/);
  const nameless = await resolveFrame(frame('/app/src/worker/run.ts', { line1: 2 }), options);
  assert.match(nameless.why, /approximate: nothing stands on the line/);
});

test('a file that is too large to be read is said to be', async () => {
  const found = await resolveFrame(frame('/repo/src/worker/run.ts', { line1: 9_000 }), {
    files: [workspace()],
    readSource: () => Promise.resolve({ kind: 'tooLarge', sizeBytes: 50_000_000 }),
  });
  assert.equal(pathOf(found), '/repo/src/worker/run.ts');
  assert.match(found.why, /approximate: the file is too large to look at its lines/);
});

test('of two files, one with a blank line where the frame stands is the less likely', async () => {
  const own = 'class Loader {\n  load() {\n    this.rows.map(decode);\n  }\n}\n';
  const texts: Readonly<Record<string, string>> = {
    '/repo/a/load/loader.ts': own,
    '/repo/b/load/loader.ts': `\n\n\n\n${own}`,
  };
  const found = await resolveFrame(frame('/app/load/loader.ts', { line1: 3, function: 'Loader.load' }), {
    files: [new WorkspaceFiles('/repo', ['a/load/loader.ts', 'b/load/loader.ts'])],
    readSource: (path) => Promise.resolve({ kind: 'text', text: texts[path] ?? '' }),
    callee: 'read',
  });
  const first = found.kind === 'choice' ? found.candidates[0]?.path : pathOf(found);
  assert.equal(first, '/repo/a/load/loader.ts', found.why);
});

test('a frame without a line opens its file, and says that it names none', async () => {
  for (const line of [{ line1: 0 }, { line1: -1, column1: 3 }]) {
    const found = await resolveFrame(frame('/repo/src/worker/run.ts', line), { files: [workspace()], readSource });
    assert.deepEqual(found, {
      kind: 'file',
      path: '/repo/src/worker/run.ts',
      line1: 1,
      confidence: 0.97,
      why: 'the path itself; the frame names no line',
    });
  }
});

test('never guesses a library frame by its base name', async () => {
  const found = await resolveFrame(frame('/venv/lib/python3.12/site-packages/x/request.py', { inApp: false }), {
    files: [workspace()],
  });
  assert.deepEqual(found, { kind: 'none', why: 'library code: /venv/lib/python3.12/site-packages/x/request.py' });
});

test('does not open a file for its base name alone', async () => {
  for (const file of ['/elsewhere/lib/run.ts', 'main.ts', '/srv/other/run.ts']) {
    const found = await resolveFrame(frame(file), { files: [workspace()], readSource });
    assert.notEqual(found.kind, 'file', `${file}: ${found.why}`);
  }
});

test('does not open a file that every project has, unless something in it speaks for it', async () => {
  for (const path of ['src/main.rs', 'src/lib.rs', 'src/index.ts']) {
    const options = {
      files: [new WorkspaceFiles('/repo', [path])],
      readSource: () => Promise.resolve({ kind: 'text', text: 'fn start() {\n    load();\n}\n' } as const),
    };
    const alone = await resolveFrame(frame(path, { line1: 2 }), options);
    assert.equal(alone.kind, 'choice', `${path}: ${alone.why}`);
    const named = await resolveFrame(frame(path, { line1: 2, function: 'ingest::start' }), options);
    assert.equal(pathOf(named), `/repo/${path}`);
  }
});

test('says why there is none', async () => {
  const files = [workspace()];
  assert.deepEqual(await resolveFrame(frame('/app/src/nowhere.ts'), { files }), {
    kind: 'none',
    why: 'no file named nowhere.ts in the workspace',
  });
  const { file: _, ...nameless } = frame('');
  assert.deepEqual(await resolveFrame(nameless, { files }), { kind: 'none', why: 'the frame names no file' });
});

test('finds JVM classes by their package, and never in another package', async () => {
  const files = [workspace()];
  const jvm = (module: string, file: string): Frame => frame(file, { module, function: 'load' });
  assert.equal(
    pathOf(await resolveFrame(jvm('com.acme.only.Single$Inner', 'Single.java'), { files })),
    '/repo/services/a/src/main/java/com/acme/only/Single.java',
  );
  assert.equal((await resolveFrame(jvm('com.other.Single', 'Single.java'), { files })).kind, 'none');
  assert.equal((await resolveFrame(jvm('com.acme.Loader', 'Loader.java'), { files })).kind, 'choice');
  const told = await resolveFrame(
    { ...jvm('com.acme.Loader', 'Loader.java'), line1: 2 },
    { files, readSource, callee: 'skip' },
  );
  assert.equal(pathOf(told), '/repo/services/b/src/main/java/com/acme/Loader.java');
});

test('follows the user’s mappings first, the longest prefix winning', async () => {
  const mappings = [
    { from: '/build', to: 'tools' },
    { from: '/build/orders', to: '/repo/orders' },
  ];
  const files = [workspace()];
  const found = await resolveFrame(frame('/build/orders/parser.py'), { files, mappings });
  assert.equal(pathOf(found), '/repo/orders/parser.py');
  assert.match(found.why, /mapped by/);
  const windows = [{ from: String.raw`C:\ci`, to: '.' }];
  assert.equal(
    pathOf(await resolveFrame(frame(String.raw`c:\ci\request.py`), { files, mappings: windows })),
    '/repo/request.py',
  );
});

test('a mapping that leads out of the workspace opens nothing', async () => {
  for (const to of ['/etc', '../..', '/repo/../etc']) {
    const found = await resolveFrame(frame('/build/passwd'), {
      files: [workspace()],
      mappings: [{ from: '/build', to }],
    });
    assert.equal(found.kind, 'none', to);
  }
});

test('a path that climbs out of the workspace is not taken for one inside', async () => {
  const found = await resolveFrame(frame('/repo/src/../../etc/passwd'), { files: [workspace()] });
  assert.equal(found.kind, 'none');
});

test('takes names for equal regardless of case only where the file system does', async () => {
  const odd = frame(String.raw`c:\X\SRC\Worker\Run.ts`);
  assert.equal((await resolveFrame(odd, { files: [workspace()] })).kind, 'none');
  const found = await resolveFrame(odd, { files: [workspace({ caseInsensitive: true })] });
  assert.equal(pathOf(found), '/repo/src/worker/run.ts');
});

test('the right folder of several is found', async () => {
  const other = new WorkspaceFiles('/second', ['src/worker/extra.ts']);
  const found = await resolveFrame(frame('/app/src/worker/extra.ts'), { files: [workspace(), other] });
  assert.equal(pathOf(found), '/second/src/worker/extra.ts');
});

test('a frame follows its neighbours where it alone would be unclear', async () => {
  const [trace] = findTraces(
    'Error: x\n    at decode (/srv/x/reader/src/decode.ts:2:9)\n    at open (/srv/x/reader/src/index.ts:2:10)\n',
  );
  assert.ok(trace);
  const resolved = await resolveTrace(trace, { files: [workspace()], readSource });
  assert.deepEqual(
    resolved.map(({ resolution }) => pathOf(resolution)),
    ['/repo/packages/reader/src/decode.ts', '/repo/packages/reader/src/index.ts'],
  );
});

test('opens no wrong file with confidence, whatever root the trace comes from', async () => {
  const files = [workspace()];
  for (const path of Object.keys(sources)) {
    for (const root of ['/app', '/srv/deploy/current', String.raw`C:\agent\work`, '', '/app/packages', '/x/src']) {
      const found = await resolveFrame(frame(root === '' ? path : `${root}/${path}`), { files, readSource });
      if (found.kind !== 'file') continue;
      assert.ok(found.confidence >= openConfidence);
      assert.equal(found.path, `/repo/${path}`, `${root}/${path}: ${found.why}`);
    }
    // The same base name in a project that is not this one.
    const stranger = await resolveFrame(frame(`/opt/stranger/pieces/${path.split('/').at(-1)}`), { files, readSource });
    assert.notEqual(stranger.kind, 'file', `${path}: ${stranger.why}`);
  }
});

/** Services alike in their paths, of which two call the same. */
function services(count: number): { files: WorkspaceFiles[]; readSource: ReadSource } {
  const path = (index: number) => `services/s${100 + index}/src/worker.ts`;
  const calls = (index: number) => (index === 2 || index === count - 1 ? 'drain' : `other${index}`);
  const texts = new Map(
    Array.from({ length: count }, (_, index) => [
      `/repo/${path(index)}`,
      `export async function work() {\n  await ${calls(index)}();\n}\n`,
    ]),
  );
  return {
    files: [
      new WorkspaceFiles(
        '/repo',
        [...texts.keys()].map((one) => one.slice('/repo/'.length)),
      ),
    ],
    readSource: (path) => Promise.resolve({ kind: 'text', text: texts.get(path) ?? '' }),
  };
}

test('opens none of many look-alikes because it was among the first to be read', async () => {
  const worker = frame('/app/src/worker.ts', { line1: 2, function: 'work' });
  for (const count of [36, 90]) {
    const found = await resolveFrame(worker, { ...services(count), callee: 'drain' });
    assert.equal(found.kind, 'choice', `${count}: ${found.why}`);
    assert.ok(found.kind === 'choice' && found.candidates.length <= 12);
  }
  // The last of those that can be looked at is found, too, where it alone fits.
  const last = await resolveFrame(worker, { ...services(36), callee: 'other34' });
  assert.equal(pathOf(last), '/repo/services/s134/src/worker.ts');
});

test('folders of a window that lie within one another have one file once', async () => {
  const inner = new WorkspaceFiles('/repo/src', ['worker/main.ts', 'worker/run.ts']);
  for (const files of [
    [workspace(), inner],
    [inner, workspace()],
  ]) {
    assert.equal(
      pathOf(await resolveFrame(frame('/srv/src/worker/run.ts'), { files, readSource })),
      '/repo/src/worker/run.ts',
    );
  }
});

test('a printed path that is there is the file, also where git does not list it', async () => {
  const worktree = '/repo/.worktrees/fix/src/worker/run.ts';
  const reading: ReadSource = (path, maxBytes) =>
    path === worktree ? Promise.resolve({ kind: 'text', text: 'run();\n' }) : readSource(path, maxBytes);
  const found = await resolveFrame(frame(worktree), { files: [workspace()], readSource: reading });
  assert.equal(pathOf(found), worktree);
  assert.match(found.why, /the path itself, which git does not list/);
  // One that is not there may be a deploy's.
  const deployed = await resolveFrame(frame('/repo/current/src/worker/run.ts'), { files: [workspace()], readSource });
  assert.equal(pathOf(deployed), '/repo/src/worker/run.ts');
  const library = await resolveFrame(frame(worktree, { inApp: false }), { files: [workspace()], readSource: reading });
  assert.equal(library.kind, 'none');
});

test('the index forgets removed files and folders', () => {
  const files = workspace();
  const before = files.size;
  files.remove('src/worker/run.ts');
  files.remove('src/worker/never.ts');
  files.removeFolder('packages');
  files.add('src/worker/main.ts');
  assert.equal(files.size, before - 4);
  assert.deepEqual(files.candidates('/app/run.ts'), []);
  assert.deepEqual(files.candidates('index.ts'), []);
  assert.deepEqual(
    files.candidates('/app/src/worker/main.ts').map(({ path, shared }) => [path, shared]),
    [
      ['src/worker/main.ts', 3],
      ['src/coordinator/main.ts', 1],
    ],
  );
});

test('reports a frame in the form of the command', async () => {
  const reported = [];
  const text = 'TypeError: x\n    at Worker.run (/app/src/worker/run.ts:2:9)\n    at Array.map (<anonymous>)\n';
  for await (const one of traceReport(text, { files: [workspace()] })) reported.push(one);
  assert.deepEqual(reported, [
    {
      trace: 0,
      index: 0,
      language: 'javascript',
      raw: 'at Worker.run (/app/src/worker/run.ts:2:9)',
      function: 'Worker.run',
      readable: null,
      module: null,
      file: '/app/src/worker/run.ts',
      line: 2,
      column: 9,
      inApp: true,
      resolved: {
        path: '/repo/src/worker/run.ts',
        line: 2,
        confidence: 0.86,
        why: 'ends in src/worker/run.ts, its whole path',
      },
      why: 'ends in src/worker/run.ts, its whole path',
      // Of a revision, which is not known here.
      ran: null,
      now: null,
    },
    {
      trace: 0,
      index: 1,
      language: 'javascript',
      raw: 'at Array.map (<anonymous>)',
      function: 'Array.map',
      readable: null,
      module: null,
      file: null,
      line: null,
      column: null,
      inApp: false,
      resolved: null,
      why: 'the frame names no file',
      ran: null,
      now: null,
    },
  ]);
});

test('a report stops when it is cancelled', async () => {
  const controller = new AbortController();
  const text = 'E: x\n    at f (/app/src/worker/run.ts:2:9)\n\nE: y\n    at f (/app/src/worker/run.ts:2:9)\n';
  const report = traceReport(text, { files: [workspace()], signal: controller.signal });
  assert.equal((await report.next()).done, false);
  controller.abort(new Error('enough'));
  await assert.rejects(report.next(), /enough/);
});
