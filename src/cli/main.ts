#!/usr/bin/env node
/** The `ingest-trace` command: wires the process to `runCommand`. */

// The HTTP client needs it; older versions fail while they load it, in words that help nobody.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 19)) {
  process.stderr.write(`ingest-trace needs Node 22.19 or later; this is ${process.version}.\n`);
  process.exit(2);
}

process.setSourceMapsEnabled(true);
const { runCommand, stopReasons } = await import('./runCommand.ts');

const stopping = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  // Once: a second Ctrl-C ends the process whatever it is doing.
  process.once(signal, () => stopping.abort(stopReasons.cancelled));
}
// Who started this with a channel to it is gone. Waiting for that keeps no finished command alive.
process.once('disconnect', () => stopping.abort(stopReasons.cancelled));
process.channel?.unref();
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    // `ingest-trace … | head`: the reader has what it wanted.
    if (error.code === 'EPIPE') stopping.abort(stopReasons.readerGone);
    else {
      // Whatever else it is (a full disk), nothing can be printed any more.
      if (stream === process.stdout) process.stderr.write(`ingest-trace: cannot print: ${error.message}\n`);
      process.exit(1);
    }
  });
}

process.exitCode = await runCommand(process.argv.slice(2), {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  cwd: process.cwd(),
  signal: stopping.signal,
  now: Date.now,
});
