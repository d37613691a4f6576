/** What is learned from a choice between look-alikes, and what frames make of it. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mappingOfChoice, parseLearned, withLearned, withoutLearned } from '../../src/stacktrace/learnedMapping.ts';
import type { ReadSource } from '../../src/stacktrace/readSource.ts';
import { resolveFrame, type ResolveOptions } from '../../src/stacktrace/resolveFrame.ts';
import { resolveTrace } from '../../src/stacktrace/resolveTrace.ts';
import type { Frame, Resolution } from '../../src/stacktrace/trace.ts';
import { WorkspaceFiles } from '../../src/stacktrace/workspaceFiles.ts';

const choices: readonly (readonly [printed: string, chosen: string, from: string, to: string])[] = [
  ['/build/a/src/run.ts', 'services/a/src/run.ts', '/build', '/repo/services'],
  ['/build/x/src/run.ts', 'services/a/src/run.ts', '/build/x', '/repo/services/a'],
  ['/build/out/run.ts', 'services/a/src/run.ts', '/build/out', '/repo/services/a/src'],
  ['C:/agent/src/run.cs', 'services/a/src/run.cs', 'C:/agent', '/repo/services/a'],
  // A whole path that is also a suffix keeps its first folder, a package all of it.
  ['com/acme/Loader.java', 'a/java/com/acme/Loader.java', 'com/acme', '/repo/a/java/com/acme'],
  ['/srv/src/run.ts', 'a/srv/src/run.ts', '/srv', '/repo/a/srv'],
  ['/src/run.ts', 'a/src/run.ts', '/src', '/repo/a/src'],
  ['C:/src/run.cs', 'a/src/run.cs', 'C:/src', '/repo/a/src'],
  // The root of the workspace folder under another name.
  ['/app/src/run.ts', 'src/run.ts', '/app', '/repo'],
  // A bare name stands for itself alone.
  ['run.cpp', 'a/src/run.cpp', 'run.cpp', '/repo/a/src/run.cpp'],
  ['/run.cpp', 'a/src/run.cpp', '/run.cpp', '/repo/a/src/run.cpp'],
];
for (const [printed, path, from, to] of choices) {
  test(`learns from ${printed} and ${path} that ${from} is ${to}`, () => {
    assert.deepEqual(mappingOfChoice(printed, { root: '/repo', path }), { from, to });
  });
}

test('learns in any case where the file system knows none', () => {
  const chosen = { root: 'C:/repo', path: 'A/Src/Run.cs' };
  assert.equal(mappingOfChoice('C:/agent/src/run.cs', chosen), undefined);
  assert.deepEqual(mappingOfChoice('C:/agent/src/run.cs', { ...chosen, caseInsensitive: true }), {
    from: 'C:/agent',
    to: 'C:/repo/A',
  });
});

test('learns nothing from another name, nor from paths that no build has', () => {
  const hostile = [
    '/build/stop.ts',
    '../../etc/run.ts',
    '/build/\u202erun/run.ts',
    '/build/a\nb/run.ts',
    '/build/\u0007/run.ts',
    `/${'deep/'.repeat(300)}run.ts`,
    '/build/./run.ts',
    '',
    '/',
  ];
  for (const printed of hostile)
    assert.equal(mappingOfChoice(printed, { root: '/repo', path: 'src/run.ts' }), undefined);
  assert.equal(mappingOfChoice('/build/run.ts', { root: '/repo', path: '../etc/run.ts' }), undefined);
});

test('takes from what was stored the mappings only', () => {
  const good = { from: '/build', to: '/repo/a' };
  assert.deepEqual(parseLearned([good, { ...good, more: 1 }]), [good, good]);
  for (const bad of [
    undefined,
    'text',
    {},
    [null],
    [7],
    [{ from: '/build' }],
    [{ from: '', to: '/repo' }],
    [{ from: '/', to: '/repo' }],
    [{ from: '/build', to: 'relative' }],
    [{ from: '/build', to: '/repo/../etc' }],
    [{ from: '/build/..', to: '/repo' }],
    [{ from: '/build', to: '/repo/\u202e' }],
  ]) {
    assert.deepEqual(parseLearned(bad), [], JSON.stringify(bad));
  }
});

test('keeps what was learned last of a prefix, forgets what it is told to, and never grows without end', () => {
  const [first, second, other] = [
    { from: '/build', to: '/repo/a' },
    { from: '/build', to: '/repo/b' },
    { from: '/app', to: '/repo/c' },
  ];
  assert.deepEqual(withLearned(withLearned([other], first), second), [second, other]);
  assert.deepEqual(withoutLearned([second, other], [{ ...second }]), [other]);
  assert.deepEqual(withoutLearned([second, other], [first]), [second, other]);
  let many = [first];
  for (let index = 0; index < 500; index++) many = withLearned(many, { from: `/f${index}`, to: '/repo' });
  assert.equal(many.length, 200);
  assert.equal(many[0]?.from, '/f499');
});

/** Two services that are deployed to folders of one name, and one that nobody else is like. */
const sources: Readonly<Record<string, string>> = {
  'services/a/src/run.ts': 'export function run() {\n  step();\n}\n',
  'services/b/src/run.ts': 'export function run() {\n  leap();\n}\n',
  'services/a/src/step.ts': 'export function step() {\n  fail();\n}\n',
  'services/b/src/step.ts': 'export function step() {\n  fail();\n}\n',
  'a/java/com/acme/Loader.java': 'package com.acme;\nclass Loader { void load() { read(); } }\n',
  'b/java/com/acme/Loader.java': 'package com.acme;\nclass Loader { void load() { read(); } }\n',
};
const readSource: ReadSource = (path) => {
  const text = path.startsWith('/repo/') ? sources[path.slice('/repo/'.length)] : undefined;
  return Promise.resolve(text === undefined ? { kind: 'missing' } : { kind: 'text', text });
};
const files = [new WorkspaceFiles('/repo', Object.keys(sources))];
const frame = (file: string, rest: Partial<Frame> = {}): Frame => ({
  raw: `at ${file}`,
  file,
  line1: 2,
  inApp: true,
  start: 0,
  end: 1,
  ...rest,
});
const resolve = (one: Frame, options: Partial<ResolveOptions> = {}) =>
  resolveFrame(one, { files, readSource, ...options });

function teachings(resolution: Resolution) {
  assert.equal(resolution.kind, 'choice', resolution.why);
  return resolution.kind === 'choice' ? resolution.candidates.map(({ teaches }) => teaches) : [];
}

test('an ambiguous frame offers with each file what choosing it teaches, and that leads its neighbours', async () => {
  const [, b] = teachings(await resolve(frame('/app/src/step.ts')));
  assert.deepEqual(b, { from: '/app', to: '/repo/services/b' });
  const found = await resolve(frame('/app/src/step.ts'), { learned: b ? [b] : [] });
  assert.deepEqual(found, {
    kind: 'file',
    path: '/repo/services/b/src/step.ts',
    line1: 2,
    confidence: 0.9,
    why: 'as you chose before, /app is /repo/services/b',
    learned: b,
  });
});

test('a package that two modules have is learned, too', async () => {
  const loader = frame('Loader.java', { module: 'com.acme.Loader', function: 'load' });
  const [, b] = teachings(await resolve(loader));
  assert.deepEqual(b, { from: 'com/acme', to: '/repo/b/java/com/acme' });
  const found = await resolve(loader, { learned: b ? [b] : [] });
  assert.equal(found.kind === 'file' && found.path, '/repo/b/java/com/acme/Loader.java');
});

test("the user's own mappings go before what was learned, and the path itself does", async () => {
  const learned = [
    { from: '/app', to: '/repo/services/b' },
    { from: '/repo/services/a', to: '/repo/services/b' },
  ];
  const own = await resolve(frame('/app/src/step.ts'), { learned, mappings: [{ from: '/app', to: 'services/a' }] });
  assert.equal(own.kind === 'file' && own.path, '/repo/services/a/src/step.ts');
  const itself = await resolve(frame('/repo/services/a/src/step.ts'), { learned });
  assert.equal(itself.kind === 'file' && itself.path, '/repo/services/a/src/step.ts');
});

test('the longest prefix counts, whatever was learned last', async () => {
  const learned = [
    { from: '/app', to: '/repo/services/b' },
    { from: '/app/src', to: '/repo/services/a/src' },
  ];
  const found = await resolve(frame('/app/src/step.ts'), { learned });
  assert.equal(found.kind === 'file' && found.path, '/repo/services/a/src/step.ts');
});

test('where what stands in the files speaks for another one, the list is there again, with all of them', async () => {
  const learned = [{ from: '/app', to: '/repo/services/a' }];
  const found = await resolve(frame('/app/src/run.ts', { function: 'run' }), { learned, callee: 'leap' });
  assert.deepEqual(found.kind === 'choice' && found.candidates.map(({ path }) => path), [
    '/repo/services/a/src/run.ts',
    '/repo/services/b/src/run.ts',
  ]);
});

test('what was learned of a file that is gone says nothing', async () => {
  const learned = [{ from: '/app', to: '/repo/services/c' }];
  assert.equal((await resolve(frame('/app/src/step.ts'), { learned })).kind, 'choice');
});

test('nothing that was learned leads out of the workspace, or to library code', async () => {
  const learned = [{ from: '/build', to: '/etc' }];
  assert.equal((await resolve(frame('/build/passwd'), { learned })).kind, 'none');
  const library = frame('/app/src/step.ts', { inApp: false });
  assert.equal((await resolve(library, { learned: [{ from: '/app', to: '/repo/services/a' }] })).kind, 'none');
});

test('a learned frame leads the others of its trace', async () => {
  const frames = [frame('/app/src/step.ts', { function: 'step' }), frame('/app/src/run.ts', { function: 'run' })];
  const trace = { language: 'javascript', frames, start: 0, end: 1 } as const;
  const resolved = await resolveTrace(trace, {
    files,
    readSource,
    learned: [{ from: '/app', to: '/repo/services/a' }],
  });
  assert.deepEqual(
    resolved.map(({ resolution }) => resolution.kind === 'file' && resolution.path),
    ['/repo/services/a/src/step.ts', '/repo/services/a/src/run.ts'],
  );
});
