/** What the search box learns of an environment by way of the engine process, for completions. */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { EngineClient } from '../../src/engine/engineClient.ts';
import { LearnedVocabulary } from '../../src/extension/commands/learnedVocabulary.ts';
import { indexLogs } from '../../src/index/indexLogs.ts';
import type { Environment } from '../../src/model/environment.ts';
import { completeQuery } from '../../src/model/query/completeQuery.ts';
import { indexFixture, lines } from './indexFixture.ts';

async function stage(t: TestContext) {
  const fixture = await indexFixture();
  const started = (task: string, worker: string, status: number) => ({
    task,
    event: 'attempt.started',
    attempt: 1,
    worker,
    account: 'acme',
    http: { status },
  });
  await fixture.logs.put(
    'a.ndjson',
    lines(started('t-1', 'w-2', 200), started('t-2', 'w-2', 200), started('t-3', 'w-1', 503)),
  );
  await indexLogs({ logs: fixture.logs, index: fixture.index });
  const engine = new EngineClient({ entry: join(import.meta.dirname, '../../src/engine/main.ts') });
  t.after(async () => {
    await engine.dispose();
    await fixture[Symbol.asyncDispose]();
  });
  const { index, logs, directory } = fixture;
  const environments: Environment[] = [
    { name: 'indexed', coordinators: [], paths: [], index: index.url, logs: logs.url },
    { name: 'unindexed', coordinators: [], paths: [], logs: logs.url },
    { name: 'lost', coordinators: [], paths: [], index: pathToFileURL(join(directory, 'none')).href, logs: logs.url },
    { name: 'gone', coordinators: [], paths: [], index: pathToFileURL(join(directory, 'none')).href },
  ];
  await engine.configure({ environments, cacheDirectory: join(directory, 'cache'), memoryLimitMb: 256 });
  const failures: unknown[] = [];
  let learned = 0;
  const vocabularyOf = (name: string) => {
    const environment = environments.find((each) => each.name === name) ?? assert.fail(name);
    const events = { learned: () => learned++, failed: (error: unknown) => failures.push(error) };
    return new LearnedVocabulary(engine, environment, 'auto', events);
  };
  /** What is offered at the end of a text once all is learned for it. */
  const offered = async (name: string, text: string) => {
    const vocabulary = vocabularyOf(name);
    await vocabulary.learnFor(text, text.length);
    vocabulary.dispose();
    return completeQuery(text, text.length, vocabulary).map(({ insert }) => insert);
  };
  return { vocabularyOf, offered, failures, learned: () => learned };
}

test('learns the values of fields, the most frequent first, and the paths of records', async (t) => {
  const { offered, failures } = await stage(t);
  for (const name of ['indexed', 'unindexed', 'lost']) {
    assert.deepEqual(await offered(name, 'account:acme worker:'), ['w-2', 'w-1'], name);
    assert.deepEqual(await offered(name, 'http.status:'), ['200', '503'], name);
    assert.deepEqual(await offered(name, 'http'), ['http:', 'http.status:'], name);
    assert.deepEqual(await offered(name, 'has:http.'), ['http.status'], name);
  }
  assert.deepEqual(failures, []);
});

test('asks for each thing once, and for nothing where it could not help', async (t) => {
  const { vocabularyOf, learned } = await stage(t);
  const vocabulary = vocabularyOf('indexed');
  t.after(() => vocabulary.dispose());
  for (const text of ['worker:', 'worker:w', 'worker:w-2,', 'id:t', 'since:', 'duration:>', '"in a phrase'])
    await vocabulary.learnFor(text, text.length);
  assert.equal(learned(), 1);
});

test('a place that cannot answer is told, and nothing after the query is written', async (t) => {
  const { vocabularyOf, failures, learned } = await stage(t);
  const vocabulary = vocabularyOf('gone');
  await vocabulary.learnFor('worker:', 7);
  assert.equal(failures.length, 1);
  const asking = vocabulary.learnFor('account:', 8);
  vocabulary.dispose();
  await asking;
  await vocabulary.learnFor('source:', 7);
  assert.equal(failures.length, 1);
  assert.equal(learned(), 0);
});
