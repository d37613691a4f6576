/** Indexes the `logs` of a folder into its `index`, anew, and prints what that took: bundled by whoever measures it. */

import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { indexLogs } from '../../src/index/indexLogs.ts';
import { FileStore } from '../../src/store/fileStore.ts';
import { peakMb, processorMsSince } from './times.ts';

/** What it prints. */
export interface Indexed {
  readonly ms: number;
  /** Of all threads. */
  readonly processorMs: number;
  readonly peakMb: number;
}

const [folder = '.'] = process.argv.slice(2);
const root = pathToFileURL(folder).href;
await rm(join(folder, 'index'), { recursive: true, force: true });
const used = process.cpuUsage();
const { ms } = await indexLogs({ logs: new FileStore(`${root}/logs`), index: new FileStore(`${root}/index`) });
const indexed: Indexed = { ms, processorMs: processorMsSince(used), peakMb: peakMb() };
console.log(JSON.stringify(indexed));
