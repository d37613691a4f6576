/** Runs the benchmarks of test/bench one after the other: `npm run bench [-- NAME…]`. */

import { spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { basename, join } from 'node:path';

const root = join(import.meta.dirname, '..');
const wanted = process.argv.slice(2);
const benches = globSync('test/bench/*.bench.ts', { cwd: root }).sort();
const names = benches.map((file) => basename(file, '.bench.ts'));
const unknown = wanted.filter((name) => !names.includes(name));
if (unknown.length > 0) {
  console.error(`No such benchmark: ${unknown.join(', ')}. There are: ${names.join(', ')}.`);
  process.exit(2);
}
let failed = false;
for (const [index, file] of benches.entries()) {
  const name = names[index] ?? file;
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  console.log(`\n── ${name} ${'─'.repeat(Math.max(0, 60 - name.length))}`);
  failed = spawnSync(process.execPath, [file], { cwd: root, stdio: 'inherit' }).status !== 0 || failed;
}
process.exit(failed ? 1 : 0);
