/** What the engine process does: it answers over its IPC channel and ends when that closes. */

import { createMessageConnection, IPCMessageReader, IPCMessageWriter } from 'vscode-jsonrpc/node';
import { connect } from '../backends/connect.ts';
import { SharedMemory } from '../index/sharedMemory.ts';
import { serveEngine } from './serveEngine.ts';

/** How long closing may take once the parent is gone, with nobody left to end this process. */
const graceMs = 5000;

if (!process.send) {
  process.stderr.write('The engine speaks over an IPC channel: it is started by the extension, not by hand.\n');
  process.exit(2);
}

// A crash's stack, which the parent logs, names src/*.ts lines.
process.setSourceMapsEnabled(true);

const connection = createMessageConnection(new IPCMessageReader(process), new IPCMessageWriter(process));
const memory = new SharedMemory();
const server = serveEngine({
  connection,
  connect: (environment, { cacheDirectory, memoryLimitMb, diskLimitMb, coordinatorTokens = {} }) =>
    connect(environment, {
      cacheDirectory,
      memoryLimitMb,
      memory,
      ...(diskLimitMb === undefined ? {} : { diskLimitMb }),
      tokenFor: (url) => (URL.canParse(url) ? coordinatorTokens[new URL(url).origin] : undefined),
    }),
  now: Date.now,
});

process.once('disconnect', () => {
  setTimeout(() => process.exit(1), graceMs).unref();
  void server.close().finally(() => process.exit(0));
});
// Ctrl-C in a terminal reaches the whole process group; the parent decides when this process ends.
process.on('SIGINT', () => undefined);

connection.listen();
