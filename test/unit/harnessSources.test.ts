/** Sources and faults as they are declared. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { demoFaults, faultKinds, parseFaults } from '../../src/harness/faults.ts';
import { withoutCredentials } from '../../src/harness/harnessBuild.ts';
import { samples } from '../../src/harness/samples.ts';
import { landingUrl, objectName, parseSources, type Source, sourceId } from '../../src/harness/source.ts';

const source: Source = { account: 'acme', collection: 'films', source: 'catalog', url: 'file:///data/films' };

test('a list of sources is read as it stands', () => {
  const other = { ...source, source: 'imports', format: 'csv', expect: { Year: 'number' }, readBytesPerSecond: 10 };
  assert.deepEqual(parseSources([source, other]), { kind: 'sources', sources: [source, other] });
});

for (const [what, value, problem] of [
  ['no list', { sources: [] }, 'the list of sources is not a JSON array'],
  ['no object', ['x'], '[0] is not an object'],
  ['an unknown field', [{ ...source, uri: 'x' }], '[0].uri is not known'],
  ['a name that leaves its folder', [{ ...source, account: '..' }], '[0].account must be a name'],
  ['a name with a slash', [{ ...source, source: 'a/b' }], '[0].source must be a name'],
  ['no URL of a store', [{ ...source, url: 'http://x' }], '[0].url must start with'],
  ['an unknown format', [{ ...source, format: 'xml' }], '[0].format must be one of'],
  ['an unknown type', [{ ...source, expect: { a: 'date' } }], '[0].expect.a must be one of'],
  ['a limit of nothing', [{ ...source, readBytesPerSecond: 0 }], '[0].readBytesPerSecond must be'],
  ['the same source twice', [source, source], '[1]: acme/films/catalog is listed twice'],
] as const) {
  test(`sources: refuses ${what}, naming the place`, () => {
    const parsed = parseSources(value);
    assert.ok(parsed.kind === 'problems');
    assert.ok(
      parsed.problems.some((each) => each.startsWith(problem)),
      parsed.problems.join('\n'),
    );
  });
}

test('ids of sources are unique whatever the names hold, and safe as object keys', () => {
  const ids = [
    ['a.b', 'c', 'd'],
    ['a', 'b.c', 'd'],
    ['a%2Eb', 'c', 'd'],
    ['ä', 'b c', "d'*"],
  ].map(([account = '', collection = '', name = '']) => sourceId({ account, collection, source: name }));
  assert.equal(new Set(ids).size, ids.length);
  for (const id of ids) assert.match(id, /^[A-Za-z0-9_%-]+(\.[A-Za-z0-9_%-]+){2}$/);
});

test('an object below the harness store is known by its key there, others by their URL', () => {
  const store = 'file:///data/my%20store';
  const inside = { ...source, collection: 'old films', url: '' };
  const landed = { ...inside, url: landingUrl(store, inside) };
  assert.equal(objectName(store, landed, 'x/1.csv'), 'landing/acme/old films/catalog/x/1.csv');
  assert.equal(objectName(store, source, '1.csv'), 'file:///data/films/1.csv');
  assert.equal(objectName('s3://b/p', { ...source, url: 's3://b/p/landing/a/c/s' }, '1.csv'), 'landing/a/c/s/1.csv');
});

test('the demonstration brings about every kind of fault, each at a source of its own', () => {
  assert.deepEqual(new Set(demoFaults.map(({ kind }) => kind)), new Set(faultKinds));
  assert.deepEqual(parseFaults(demoFaults), { kind: 'faults', faults: demoFaults });
  const own = new Set(samples.map(sourceId));
  for (const fault of demoFaults) assert.ok(!own.has(sourceId(fault)), sourceId(fault));
});

const fault = { kind: 'damagedGzip', account: 'a', collection: 'c', source: 's', sample: 'cars.json' };
for (const [what, value, problem] of [
  ['no list', {}, 'not a JSON array'],
  ['an unknown kind', [{ ...fault, kind: 'fire' }], '[0].kind must be'],
  ['an unknown field', [{ ...fault, when: 1 }], '[0].when is not known'],
  ['an unknown sample', [{ ...fault, sample: '../secret' }], '[0].sample must be'],
  ['a name that is a path', [{ ...fault, source: '../x' }], '[0].source must be'],
  ['a type conflict without types', [{ ...fault, kind: 'typeConflict' }], '[0].expect must'],
  ['no time at all', [{ ...fault, seconds: 0 }], '[0].seconds must'],
  ['two faults of one source', [fault, fault], '[1]: '],
] as const) {
  test(`faults: refuses ${what}, naming the place`, () => {
    const parsed = parseFaults(value);
    assert.ok(parsed.kind === 'problems');
    assert.ok(
      parsed.problems.some((each) => each.startsWith(problem)),
      parsed.problems.join('\n'),
    );
  });
}

test('the samples are of three accounts and more, and make up some sixty to a hundred and fifty objects', () => {
  assert.ok(new Set(samples.map(({ account }) => account)).size >= 3);
  const objects = samples.reduce((sum, sample) => sum + sample.objects, 0);
  assert.ok(objects >= 60 && objects <= 150, String(objects));
  assert.equal(new Set(samples.map(sourceId)).size, samples.length);
});

test('a remote is told without its credentials, a path of the machine not at all', () => {
  assert.equal(withoutCredentials('https://me:token@example.org/a/b.git?x=1'), 'https://example.org/a/b.git');
  assert.equal(withoutCredentials('/home/me/repository'), undefined);
  assert.equal(withoutCredentials('file:///home/me/repository'), undefined);
});
