/** The coordinator process. */

import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import { openStore } from '../../store/openStore.ts';
import { runChild, type Supervisor } from '../childProcess.ts';
import { LogShipper } from '../logShipper.ts';
import { childUrl } from '../source.ts';
import type { CoordinatorConfiguration } from '../wire.ts';
import { Coordinator } from './coordinator.ts';
import { HttpApi } from './httpApi.ts';

const statusMs = 200;
const streamHeartbeatMs = 10_000;

await runChild<CoordinatorConfiguration>({
  accept: (configuration) => (configuration.kind === 'coordinator' ? configuration : undefined),
  run: async (configuration, supervisor) => {
    const { id, storeUrl, s3, timings } = configuration;
    const store = openStore(storeUrl, s3);
    const logs = openStore(childUrl(storeUrl, 'logs'), s3);
    const shipper = new LogShipper({
      logs,
      process: `${id}.${process.pid}`,
      shipMs: timings.shipMs,
      nowMs: Date.now,
      onProblem: (error) => console.error('task log not stored, trying again:', error),
    });
    const coordinator = new Coordinator({
      configuration,
      store,
      openFolder: (url) => openStore(url, s3),
      shipper,
      nowMs: Date.now,
      random: Math.random,
      onEvent: (event) => supervisor.send({ kind: 'taskEvent', event }),
    });
    try {
      await serve(coordinator, configuration, supervisor);
    } finally {
      await shipper.close();
      await logs.close();
      await store.close();
    }
  },
});

async function serve(
  coordinator: Coordinator,
  configuration: CoordinatorConfiguration,
  supervisor: Supervisor,
): Promise<void> {
  const { version, commit } = configuration.build;
  const token = process.env['INGEST_TRACE_TOKEN'] || undefined;
  const api = new HttpApi({ coordinator, token, version, commit, nowMs: Date.now, streamHeartbeatMs });
  const server = createServer((request, response) => void api.handle(request, response));
  server.listen(configuration.port, configuration.host);
  await once(server, 'listening');
  coordinator.start();
  supervisor.onPeers((peers) => coordinator.setPeers(peers));
  supervisor.send({ kind: 'listening', url: urlOf(server, configuration.host) });
  const status = setInterval(() => supervisor.send({ kind: 'status', ...coordinator.progress }), statusMs);
  try {
    if (!supervisor.signal.aborted) await once(supervisor.signal, 'abort');
  } finally {
    clearInterval(status);
    await coordinator.stop();
    server.close();
    server.closeAllConnections();
  }
}

function urlOf(server: Server, host: string): string {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server listens on no port');
  return `http://${host.includes(':') ? `[${host}]` : host}:${address.port}`;
}
