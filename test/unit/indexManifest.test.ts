/** The manifest document: what it accepts, what it refuses, and how its numbers are spelled. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  emptyManifest,
  type Manifest,
  manifestKey,
  manifestNumber,
  parseManifest,
  serializeManifest,
} from '../../src/index/manifest.ts';

const manifest: Manifest = {
  ...emptyManifest('s3://bucket/logs'),
  number: 7,
  commit: 'c',
  segments: [
    {
      key: 'segments/a.parquet',
      sizeBytes: 1,
      sha256: 'ff',
      records: 2,
      minTs: 1,
      maxTs: 2,
      paths: { 'http.status': 2 },
      side: { key: 'sides/a.side', sizeBytes: 1, sha256: 'fe', tasks: 1 },
    },
  ],
  ledger: [{ key: 'ledger/a.json', objects: 3 }],
  rejected: [{ key: 'rejected/a.ndjson.gz', lines: 1 }],
  superseded: ['0123'],
};
const text = Buffer.from(serializeManifest(manifest)).toString();

test('a manifest is read as it was written', () => {
  const parsed = parseManifest(text);
  assert.ok(parsed.kind === 'manifest');
  const { format, version, ...read } = JSON.parse(JSON.stringify(parsed.manifest)) as Record<string, unknown>;
  assert.deepEqual([format, version, read], ['ingest-trace-index', 5, manifest]);
});

test('manifests of later and earlier versions are told from malformed ones', () => {
  assert.deepEqual(parseManifest(text.replace('"version":5', '"version":6')), { kind: 'newer', version: 6 });
  assert.deepEqual(parseManifest(text.replace('"version":5', '"version":4')), { kind: 'older', version: 4 });
  for (const broken of [
    '',
    '[]',
    '{}',
    text.slice(0, -3),
    text.replace('"sizeBytes":1', '"sizeBytes":"1"'),
    text.replace('"side":', '"sid":'),
    text.replace('"superseded":["0123"]', '"superseded":[1]'),
  ]) {
    assert.equal(parseManifest(broken).kind, 'malformed', broken);
  }
});

test('keys sort as their numbers do', () => {
  const numbers = [1, 9, 10, 999, 2 ** 53 - 1];
  assert.deepEqual(numbers.map(manifestKey).toSorted(), numbers.map(manifestKey));
  assert.deepEqual(numbers.map(manifestKey).map(manifestNumber), numbers);
  for (const other of ['manifest/7.json', 'manifest/00000000000000000007.json.tmp', 'x/00000000000000000007.json']) {
    assert.equal(manifestNumber(other), undefined);
  }
});
