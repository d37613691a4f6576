/** The engine's side of the channel when the other side is already gone. */

import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { createMessageConnection, StreamMessageReader, StreamMessageWriter } from 'vscode-jsonrpc/node';
import type { Connection } from '../../src/backends/connect.ts';
import * as protocol from '../../src/engine/protocol.ts';
import { serveEngine } from '../../src/engine/serveEngine.ts';

test('progress and remarks that nobody can read any more break nothing', async () => {
  const [toEngine, fromEngine] = [new PassThrough(), new PassThrough()];
  const engineSide = createMessageConnection(new StreamMessageReader(toEngine), new StreamMessageWriter(fromEngine));
  const editorSide = createMessageConnection(new StreamMessageReader(fromEngine), new StreamMessageWriter(toEngine));
  const began = Promise.withResolvers<(progress: { done: number; unit: 'objects' }) => void>();
  const connection: Pick<Connection, 'indexPass' | 'close'> = {
    indexPass: ({ onProgress, signal }) =>
      new Promise((_, reject) => {
        began.resolve((progress) => onProgress?.(progress));
        signal?.addEventListener('abort', () => reject(signal.reason));
      }),
    close: () => Promise.reject(new Error('cannot close')),
  };
  const server = serveEngine({
    connection: engineSide,
    // Nothing else of it is asked for here.
    connect: () => connection as Connection,
    now: () => 0,
  });
  engineSide.listen();
  editorSide.listen();
  await editorSide.sendRequest(protocol.configure, {
    environments: [{ name: 'e', coordinators: [], paths: [] }],
    cacheDirectory: '',
    memoryLimitMb: 64,
  });
  const unanswered = editorSide.sendRequest(protocol.indexPass, { environment: 'e', progressToken: 'p' });
  unanswered.catch(() => undefined);
  const report = await began.promise;
  const broken: unknown[] = [];
  const note = (error: unknown) => void broken.push(error);
  process.on('unhandledRejection', note);
  try {
    fromEngine.destroy(new Error('the channel is closed'));
    editorSide.dispose();
    report({ done: 1, unit: 'objects' });
    await server.close();
    await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setImmediate(resolve));
  } finally {
    process.off('unhandledRejection', note);
    engineSide.dispose();
  }
  assert.deepEqual(broken, []);
});
