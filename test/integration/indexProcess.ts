/**
 * An indexer as a process of its own, for tests that kill it: `node indexProcess.ts LOGS INDEX [N before|after]`
 * indexes in small commits; with N it kills itself at its Nth put, before or after it is done.
 */

import { indexLogs } from '../../src/index/indexLogs.ts';
import { FileStore } from '../../src/store/fileStore.ts';
import { WatchedStore } from './indexFixture.ts';

const [logsUrl = '', indexUrl = '', killAt, moment] = process.argv.slice(2);
let puts = 0;
const dieAt = (when: string) => {
  if (when === moment && puts === Number(killAt)) process.kill(process.pid, 'SIGKILL');
};
const index = new WatchedStore(new FileStore(indexUrl), {
  async beforePut() {
    puts += 1;
    dieAt('before');
  },
  async afterPut(_key, result) {
    dieAt('after');
    return result;
  },
});
const summary = await indexLogs({ logs: new FileStore(logsUrl), index, limits: { objects: 3 } });
process.stdout.write(`${JSON.stringify(summary)}\n`);
