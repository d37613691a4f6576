/** Runs the benchmarks of test/bench one after the other: `npm run bench [-- NAME…]`, or one with its arguments: `-- NAME ARGUMENT…`. */

import { spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { basename, join } from 'node:path';

const root = join(import.meta.dirname, '..');
const benches = globSync('test/bench/*.bench.ts', { cwd: root }).sort();
const names = benches.map((file) => basename(file, '.bench.ts'));
const given = process.argv.slice(2);
// What follows a single name and names none itself is for that benchmark.
const passed =
  given.length > 1 && names.includes(given[0] ?? '') && !names.includes(given[1] ?? '') ? given.slice(1) : [];
const wanted = given.slice(0, given.length - passed.length);
const unknown = wanted.filter((name) => !names.includes(name));
if (unknown.length > 0) {
  console.error(`No such benchmark: ${unknown.join(', ')}. There are: ${names.join(', ')}.`);
  process.exit(2);
}
// What runs as it stands in src takes its WebAssembly from there.
if (spawnSync(process.execPath, ['scripts/build.ts'], { cwd: root, stdio: 'inherit' }).status !== 0) process.exit(1);
let failed = false;
for (const [index, file] of benches.entries()) {
  const name = names[index] ?? file;
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  console.log(`\n── ${name} ${'─'.repeat(Math.max(0, 60 - name.length))}`);
  failed = spawnSync(process.execPath, [file, ...passed], { cwd: root, stdio: 'inherit' }).status !== 0 || failed;
}
process.exit(failed ? 1 : 0);
