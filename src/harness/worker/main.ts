/** The worker process. */

import { rmdir } from 'node:fs/promises';
import { openStore } from '../../store/openStore.ts';
import { runChild } from '../childProcess.ts';
import { LogShipper } from '../logShipper.ts';
import { childUrl } from '../source.ts';
import type { WorkerConfiguration } from '../wire.ts';
import { CoordinatorClient } from './coordinatorClient.ts';
import { ParquetWriter } from './parquetWriter.ts';
import { Worker } from './worker.ts';

const memoryLimitMb = 256;

await runChild<WorkerConfiguration>({
  accept: (configuration) => (configuration.kind === 'worker' ? configuration : undefined),
  run: async (configuration, { signal }) => {
    const { id, storeUrl, s3, timings, coordinators } = configuration;
    const store = openStore(storeUrl, s3);
    const logs = openStore(childUrl(storeUrl, 'logs'), s3);
    const shipper = new LogShipper({
      logs,
      process: `${id}.${process.pid}`,
      shipMs: timings.shipMs,
      nowMs: Date.now,
      onProblem: (error) => console.error('task log not stored, trying again:', error),
    });
    const parquet = await ParquetWriter.open(configuration.scratchFolder, memoryLimitMb);
    try {
      const token = process.env['INGEST_TRACE_TOKEN'] || undefined;
      const clients = coordinators.map((url) => new CoordinatorClient(url, token));
      const openFolder = (url: string): ReturnType<typeof openStore> => openStore(url, s3);
      await new Worker({ configuration, clients, store, openFolder, parquet, shipper, nowMs: Date.now }).run(signal);
    } finally {
      await parquet.close();
      // The supervisor is gone: the last worker to leave removes what it would have removed.
      if (!process.connected) await removeEmpty(configuration.scratchFolder);
      await shipper.close();
      await logs.close();
      await store.close();
    }
  },
});

async function removeEmpty(folder: string): Promise<void> {
  try {
    await rmdir(folder);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    if (error.code !== 'ENOTEMPTY' && error.code !== 'ENOENT') throw error;
  }
}
