/** Whom the bearer tokens of coordinators are sent to: those that the user named, and nobody whom they name. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connect } from '../../src/backends/connect.ts';
import { trustedTokens } from '../../src/backends/trustedTokens.ts';
import { startLoopbackCoordinator } from '../rigs/loopbackCoordinator.ts';

const tokens: Readonly<Record<string, string>> = { 'https://a.example:7070': 'for-a', 'https://c.example': 'for-c' };
const tokenFor = trustedTokens(
  ['https://a.example:7070', 'https://b.example'],
  (url) => tokens[URL.parse(url)?.origin ?? ''],
);

test('a configured coordinator gets its own token, and none that it has not', () => {
  assert.equal(tokenFor('https://a.example:7070/base'), 'for-a');
  assert.equal(tokenFor('https://b.example'), undefined);
});

test('a peer on the same host gets the token, in the clear or elsewhere it does not', () => {
  assert.equal(tokenFor('https://a.example:7071'), 'for-a');
  assert.equal(tokenFor('http://a.example:7071'), undefined);
  assert.equal(tokenFor('https://a.example.evil:7070'), undefined);
  assert.equal(tokenFor('https://evil/https://a.example:7070'), undefined);
  assert.equal(tokenFor('not a URL'), undefined);
});

test('a peer that the user gave a token for gets that one', () => {
  assert.equal(tokenFor('https://c.example'), 'for-c');
});

test('a peer that a coordinator names is asked without the token', async () => {
  await using named = await startLoopbackCoordinator('c-1');
  await using beside = await startLoopbackCoordinator('c-2');
  await using stranger = await startLoopbackCoordinator('c-3');
  // The same machine by another name stands for another host.
  named.peers = { peers: [{ url: beside.url }, { url: stranger.url.replace('127.0.0.1', 'localhost') }] };
  const connection = connect(
    { name: 'e', coordinators: [named.url], paths: [] },
    { cacheDirectory: '/nowhere', memoryLimitMb: 64, tokenFor: (url) => (url === named.url ? 'secret' : undefined) },
  );
  try {
    await connection.liveSnapshot(10, {});
    await connection.workers({});
    await connection.task('t', 'live', {});
  } finally {
    await connection.close();
  }
  const sent = ({ authorizations }: { readonly authorizations: readonly (string | undefined)[] }) => [
    ...new Set(authorizations),
  ];
  assert.deepEqual(sent(named), ['Bearer secret']);
  assert.deepEqual(sent(beside), ['Bearer secret']);
  assert.deepEqual(sent(stranger), [undefined]);
});
