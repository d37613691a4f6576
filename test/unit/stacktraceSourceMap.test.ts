/** Source maps come with bundles of anyone: what they say is used where it can be true, and else told as the reason. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findTraces } from '../../src/stacktrace/findTraces.ts';
import type { ReadSource } from '../../src/stacktrace/readSource.ts';
import { resolveTrace } from '../../src/stacktrace/resolveTrace.ts';
import { guessFrameLine } from '../../src/stacktrace/revisionGuess.ts';
import { SourceMaps } from '../../src/stacktrace/sourceMap.ts';
import type { Resolution } from '../../src/stacktrace/trace.ts';
import { WorkspaceFiles } from '../../src/stacktrace/workspaceFiles.ts';

const plain = { version: 3, sources: ['../src/alpha.ts'], names: [], mappings: 'AAEA' };
const section = { offset: { line: 0, column: 0 }, map: plain };

async function resolved(map: unknown): Promise<Resolution> {
  const texts: Readonly<Record<string, string>> = {
    '/repo/src/alpha.ts': 'import "x";\n\nexport function alpha() {\n  beta();\n}\n',
    '/repo/dist/app.js.map': typeof map === 'string' ? map : JSON.stringify(map),
  };
  const readSource: ReadSource = (path) => {
    const text = texts[path];
    return Promise.resolve(text === undefined ? { kind: 'missing' } : { kind: 'text', text });
  };
  const [trace] = findTraces('Error: x\n    at alpha (/repo/dist/app.js:1:1)\n');
  assert.ok(trace);
  const [found] = await resolveTrace(trace, { files: [new WorkspaceFiles('/repo', ['src/alpha.ts'])], readSource });
  assert.ok(found);
  return found.resolution;
}

for (const [what, map] of [
  ['plain', plain],
  ['of sections', { version: 3, sections: [section] }],
  ['behind the guard that servers put before JSON', `)]}'\n${JSON.stringify(plain)}`],
] as const) {
  test(`a map ${what} leads to the source`, async () => {
    const found = await resolved(map);
    assert.equal(found.kind === 'file' && found.path, '/repo/src/alpha.ts', found.why);
    assert.equal(found.kind === 'file' && found.line1, 3);
  });
}

const nothing = /maps nothing to line 1, column 1$/;
const none = /is no source map: /;
for (const [what, map, why] of [
  ['names a source that it does not have', { ...plain, mappings: 'AgBAA' }, nothing],
  ['names a source before the first', { ...plain, mappings: 'ADAA' }, nothing],
  ['names line 0', { ...plain, mappings: 'AADA' }, nothing],
  ['has a source without a name', { ...plain, sources: [null] }, nothing],
  ['has no mappings', { ...plain, mappings: undefined }, none],
  ['has mappings of no such alphabet', { ...plain, mappings: '!!!!' }, none],
  ['has mappings that are lists', { ...plain, mappings: [[[0, 0, null, 0]]] }, none],
  ['has a number for a source', { ...plain, sources: [5] }, none],
  ['has an object for a name', { ...plain, names: [{}] }, none],
  ['has sections without maps', { version: 3, sections: [{ offset: { line: 0, column: 0 } }] }, none],
  ['has sections without places', { version: 3, sections: [{ map: plain }] }, none],
  [
    'has sections out of order',
    { version: 3, sections: [{ ...section, offset: { line: 1, column: 0 } }, section] },
    none,
  ],
  [
    'has a section that no bundle reaches',
    { version: 3, sections: [{ ...section, offset: { line: 2e9, column: 0 } }] },
    none,
  ],
  [
    'has sections within sections',
    { version: 3, sections: [{ ...section, map: { version: 3, sections: [section] } }] },
    none,
  ],
  ['is cut', '{"version":3,"sour', none],
  ['is a list', [], none],
  ['is null', 'null', none],
  ['is a list of lists without end', '['.repeat(200_000), none],
] as const) {
  test(`a map that ${what} is no map, and that is the reason`, async () => {
    const found = await resolved(map);
    assert.equal(found.kind, 'none');
    assert.match(found.why, /^no file named app\.js in the workspace, though \/repo\/dist\/app\.js\.map /);
    assert.match(found.why, why);
  });
}

/** `alpha` of two letters as a minifier calls it, in a bundle of one line made of two files alike. */
const minified: Readonly<Record<string, string>> = {
  '/repo/a/src/alpha.ts': 'import "x";\n\nexport function alpha() {\n  beta(is);\n}\n',
  '/repo/b/src/alpha.ts': 'import "x";\n\nexport function alpha() {\n  beta(is);\n}\n',
  '/srv/dist/app.js.map': JSON.stringify({ ...plain, sources: ['webpack://app/src/alpha.ts'], mappings: 'AAGE' }),
};
const readMinified: ReadSource = (path) => {
  const text = minified[path];
  return Promise.resolve(text === undefined ? { kind: 'missing' } : { kind: 'text', text });
};

test('a choice between sources of a map has the place in the source, not the one in the bundle', async () => {
  const [trace] = findTraces('Error: x\n    at is (/srv/dist/app.js:1:90)\n    at qZ (/srv/dist/app.js:1:70)\n');
  assert.ok(trace);
  const files = [new WorkspaceFiles('/repo', ['a/src/alpha.ts', 'b/src/alpha.ts'])];
  const sourceMaps = new SourceMaps(readMinified, ['/srv/dist']);
  const found = await resolveTrace(trace, { files, readSource: readMinified, sourceMaps });
  for (const { resolution } of found) {
    assert.equal(resolution.kind, 'choice', resolution.why);
    if (resolution.kind !== 'choice') continue;
    assert.deepEqual([resolution.line1, resolution.column1, resolution.isMapped], [4, 3, true]);
  }
});

test('names that a minifier has made say nothing of the source, neither for it nor against it', async () => {
  const [trace] = findTraces('Error: x\n    at is (/srv/dist/app.js:1:90)\n    at qZ (/srv/dist/app.js:1:70)\n');
  assert.ok(trace);
  const files = [new WorkspaceFiles('/repo', ['a/src/alpha.ts'])];
  const sourceMaps = new SourceMaps(readMinified, ['/srv/dist']);
  const found = await resolveTrace(trace, { files, readSource: readMinified, sourceMaps });
  for (const { resolution } of found) assert.doesNotMatch(resolution.why, /qZ|\bis\b stands|approximate/);
  const [, outer] = trace.frames;
  assert.ok(outer);
  const located = { path: '/repo/a/src/alpha.ts', line1: 3 };
  const guess = await guessFrameLine(readMinified, outer, trace, { ...located, isMapped: true });
  assert.deepEqual(guess, { kind: 'here', line1: 3 });
  const asPrinted = await guessFrameLine(readMinified, outer, trace, located);
  assert.deepEqual([asPrinted.kind, asPrinted.line1], ['near', 4]);
});

test('a source outside of the workspace opens nothing', async () => {
  const found = await resolved({ ...plain, sources: ['../../../../etc/passwd'] });
  assert.equal(found.kind, 'none');
  assert.match(found.why, /no file named passwd/);
});
