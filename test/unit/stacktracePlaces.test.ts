/** Frames of other machines, layouts and builds find their files among look-alikes, or get the list with its reasons. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findTraces } from '../../src/stacktrace/findTraces.ts';
import type { ReadSource } from '../../src/stacktrace/readSource.ts';
import { type ResolveTraceOptions, resolveTrace } from '../../src/stacktrace/resolveTrace.ts';
import type { Resolution } from '../../src/stacktrace/trace.ts';
import { WorkspaceFiles } from '../../src/stacktrace/workspaceFiles.ts';

/** A monorepo: services of several languages that share names, beside tests, generated and vendored copies. */
const paths = [
  'services/orders/src/load/reader.ts',
  'services/orders/test/load/reader.ts',
  'services/orders/generated/load/reader.ts',
  'services/orders/vendor/load/reader.ts',
  'services/billing/src/charge/reader.ts',
  'services/billing/src/main.ts',
  'services/orders/src/main.ts',
  'apps/web/app/orders/page.tsx',
  'apps/admin/app/users/page.tsx',
  'shared/run.ts',
  'go/ingest/go.mod',
  'go/ingest/worker/loader.go',
  'go/report/go.mod',
  'go/report/worker/loader.go',
  'dotnet/src/Acme/Loader.cs',
  'py/orders/parser.py',
  'py/billing/parser.py',
];
const texts: Readonly<Record<string, string>> = {
  'go/ingest/go.mod': 'module acme.com/ingest\n',
  'go/report/go.mod': 'module acme.com/report\n',
};
const readSource: ReadSource = (path) =>
  Promise.resolve({
    kind: 'text',
    text: texts[path.replace(/^\/(?:repo|other)\//, '')] ?? 'run();\nread();\nLoad();\n',
  });
const monorepo = new WorkspaceFiles('/repo', paths);

async function resolved(text: string, options: Partial<ResolveTraceOptions> = {}): Promise<Resolution[]> {
  const [trace] = findTraces(text);
  assert.ok(trace, text);
  const found = await resolveTrace(trace, { files: [monorepo], ...options });
  return found.map(({ resolution }) => resolution);
}

function opened(resolution: Resolution | undefined): string | undefined {
  return resolution?.kind === 'file' ? resolution.path : resolution?.why;
}

for (const [what, text, path] of [
  [
    'a container root',
    'Error: x\n    at read (/app/services/billing/src/charge/reader.ts:2:1)\n',
    'services/billing/src/charge/reader.ts',
  ],
  [
    'a Windows path in a Linux log',
    String.raw`Error: x
    at read (C:\agent\_work\1\s\services\billing\src\main.ts:1:1)
`,
    'services/billing/src/main.ts',
  ],
  [
    'webpack://',
    'Error: x\n    at read (webpack://billing/./services/billing/src/main.ts:1:1)\n',
    'services/billing/src/main.ts',
  ],
  [
    'webpack:/// without a name',
    'Error: x\n    at read (webpack:///services/orders/src/main.ts?4f2a:1:1)\n',
    'services/orders/src/main.ts',
  ],
  [
    "webpack-internal with Next.js' layer",
    'Error: x\n    at Page (webpack-internal:///(rsc)/./apps/web/app/orders/page.tsx:1:1)\n',
    'apps/web/app/orders/page.tsx',
  ],
  ["Vite's @fs", 'Error: x\n    at run (http://localhost:5173/@fs/repo/shared/run.ts:1:1)\n', 'shared/run.ts'],
  [
    '/_/ of a deterministic build',
    'System.Exception: x\n   at Acme.Loader.Read() in /_/dotnet/src/Acme/Loader.cs:line 1\n',
    'dotnet/src/Acme/Loader.cs',
  ],
  [
    '-trimpath',
    'panic: x\n\ngoroutine 1 [running]:\nacme.com/report/worker.Load()\n\tacme.com/report/worker/loader.go:1 +0x1\n',
    'go/report/worker/loader.go',
  ],
  [
    'a Go checkout of another name',
    'panic: x\n\ngoroutine 1 [running]:\nacme.com/ingest/worker.Load()\n\t/build/src/worker/loader.go:1 +0x1\n',
    'go/ingest/worker/loader.go',
  ],
  [
    'a Python wheel of part of the tree',
    'Traceback (most recent call last):\n  File "/srv/py/billing/parser.py", line 1, in run\nKeyError: 1\n',
    'py/billing/parser.py',
  ],
] as const) {
  test(`finds the file of ${what}`, async () => {
    const [resolution] = await resolved(text, { readSource });
    assert.equal(opened(resolution), `/repo/${path}`);
  });
}

test('main comes before test, generated and vendored files, and each says what it is', async () => {
  const text = 'Error: x\n    at read (/elsewhere/load/reader.ts:2:1)\n    at run (/elsewhere/load/reader.ts:1:1)\n';
  const [list] = await resolved(text);
  const alike = list?.kind === 'choice' ? list.candidates.filter(({ path }) => path.endsWith('/load/reader.ts')) : [];
  const told = alike.map(({ path, why }) => [path, why]);
  assert.deepEqual(told, [
    ['/repo/services/orders/src/load/reader.ts', 'ends in load/reader.ts'],
    ['/repo/services/orders/test/load/reader.ts', 'ends in load/reader.ts, a test'],
    ['/repo/services/orders/generated/load/reader.ts', 'ends in load/reader.ts, generated'],
    ['/repo/services/orders/vendor/load/reader.ts', 'ends in load/reader.ts, vendored'],
  ]);
});

test('a list says how many files look alike and why each may be meant', async () => {
  const [list] = await resolved('Error: x\n    at boot (/app/src/main.ts:1:1)\n');
  assert.equal(list?.kind, 'choice');
  assert.match(list?.why ?? '', /^2 files look alike: ends in src\/main\.ts/);
  assert.ok(list?.kind === 'choice' && list.candidates.every(({ why }) => why !== ''));
});

test('one path in two folders of a window is a list; in one of them it opens', async () => {
  const other = new WorkspaceFiles('/other', ['shared/run.ts', 'tools/deep/once.ts']);
  const files = [monorepo, other];
  const [both] = await resolved('Error: x\n    at run (/app/shared/run.ts:1:1)\n', { files });
  assert.deepEqual(both?.kind === 'choice' && both.candidates.map(({ path }) => path).sort(), [
    '/other/shared/run.ts',
    '/repo/shared/run.ts',
  ]);
  const [own] = await resolved('Error: x\n    at run (/other/shared/run.ts:1:1)\n', { files });
  assert.equal(opened(own), '/other/shared/run.ts');
  const [once] = await resolved('Error: x\n    at run (/app/tools/deep/once.ts:1:1)\n', { files });
  assert.equal(opened(once), '/other/tools/deep/once.ts');
});

test('a mapping and the folder of the other frames tell files of one name apart', async () => {
  const text = 'Error: x\n    at a (/build/reader.ts:1:1)\n';
  const [mapped] = await resolved(text, { mappings: [{ from: '/build', to: 'services/orders/src/load' }] });
  assert.equal(opened(mapped), '/repo/services/orders/src/load/reader.ts');
  const [, beside] = await resolved(
    'Error: x\n    at a (/x/billing/src/charge/reader.ts:1:1)\n    at b (/x/billing/src/main.ts:1:1)\n',
  );
  assert.equal(opened(beside), '/repo/services/billing/src/main.ts');
});

test('a folder that the file itself speaks against is one of several', async () => {
  const sources: Readonly<Record<string, string>> = {
    'a/one/boot.ts': 'export function boot() {\n  two();\n}\n',
    'a/two/step.ts': 'export const nothing = 1;\n',
    'b/two/step.ts': 'export function step() {\n  fail();\n}\n',
  };
  const [step] = await resolved('Error: x\n    at step (/x/two/step.ts:2:1)\n    at boot (/x/one/boot.ts:2:1)\n', {
    files: [new WorkspaceFiles('/repo', Object.keys(sources))],
    readSource: (path) => Promise.resolve({ kind: 'text', text: sources[path.slice('/repo/'.length)] ?? '' }),
  });
  const paths = step?.kind === 'choice' ? step.candidates.map(({ path }) => path) : [opened(step)];
  assert.equal(paths[0], '/repo/b/two/step.ts', step?.why);
});

test('library frames are never taken for files of one name', async () => {
  for (const text of [
    'Error: x\n    at read (/app/node_modules/csv/src/load/reader.ts:1:1)\n',
    'Traceback (most recent call last):\n  File "/usr/lib/python3.12/site-packages/orders/parser.py", line 1, in run\nKeyError: 1\n',
    'panic: x\n\ngoroutine 1 [running]:\ngithub.com/x/worker.Load()\n\t/root/go/pkg/mod/github.com/x/worker@v1.0.0/loader.go:1 +0x1\n',
    'System.Exception: x\n   at System.Acme.Loader.Read() in /_/src/libraries/Acme/Loader.cs:line 1\n',
  ]) {
    const [resolution] = await resolved(text, { readSource });
    assert.equal(resolution?.kind, 'none', `${text}: ${resolution?.why}`);
    assert.match(resolution?.why ?? '', /^library code/);
  }
});
