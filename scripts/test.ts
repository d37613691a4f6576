/**
 * Everything that must hold, in order, cheapest first: `npm test`, or some of it: `npm test -- unit lint`.
 * Each step is a process of its own; all chosen steps run, and the end says which failed.
 */

import { spawn } from 'node:child_process';
import { globSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { missingForS3, startS3Server } from '../test/rigs/s3Server.ts';

const root = join(import.meta.dirname, '..');

interface Step {
  readonly name: string;
  readonly commands: readonly (readonly string[])[];
  /** Later steps make no sense when this one fails. */
  readonly gate?: boolean;
  /** Its tests share one S3 server instead of starting one each. */
  readonly s3?: boolean;
}

const steps: readonly Step[] = [
  { name: 'build', commands: [['node', 'scripts/build.ts']], gate: true },
  { name: 'format', commands: [['biome', 'format', '.']] },
  { name: 'lint', commands: [['oxlint', '--type-aware', '--deny-warnings', '.']] },
  {
    name: 'types',
    commands: [
      ['tsc', '--noEmit'],
      ['tsc', '--noEmit', '--project', 'src/webview'],
    ],
  },
  { name: 'dead-code', commands: [['knip']] },
  { name: 'unit', commands: [nodeTests('test/unit/*.test.ts', 2)] },
  { name: 'integration', commands: [nodeTests('test/integration/*.test.ts', 2)], s3: true },
  { name: 'workbench', commands: [nodeTests('test/workbench/*.test.ts', 1)] },
];

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !steps.some((step) => step.name === name));
if (unknown.length > 0) {
  console.error(`No such step: ${unknown.join(', ')}. Steps: ${steps.map((step) => step.name).join(', ')}.`);
  process.exit(2);
}
if (Number(process.versions.node.split('.')[0]) < 24) {
  console.error(
    `The tests run on Node 24, which 'npm ci' puts first in the PATH of npm scripts; this is ${process.version}. ` +
      `Run 'npm ci' again with install scripts allowed, then 'npm test'.`,
  );
  process.exit(2);
}

// Tests kill processes on purpose, which then cannot clean up: what they leave goes with this folder. Its name is short
// because sockets lie in it, whose paths may not have more than about a hundred characters.
const scratch = mkdtempSync(join(tmpdir(), 'it-'));
process.env['TMPDIR'] = scratch;
process.on('exit', () => rmSync(scratch, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 }));
// A Ctrl-C reaches the running step too; this process goes on to its end.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => (interrupted = true));
let interrupted = false;

const results: { readonly name: string; readonly ok: boolean; readonly seconds: number }[] = [];
for (const step of steps) {
  if (wanted.length > 0 && !wanted.includes(step.name)) continue;
  console.log(`\n── ${step.name} ${'─'.repeat(60 - step.name.length)}`);
  const started = performance.now();
  let ok = true;
  // Without the server's programs each test says for itself what is missing.
  const s3 = step.s3 && missingForS3() === undefined ? await startS3Server() : undefined;
  try {
    for (const command of step.commands) ok = (await run(command, { ...process.env, ...s3?.environment })) && ok;
  } finally {
    await s3?.stop();
  }
  results.push({ name: step.name, ok, seconds: (performance.now() - started) / 1000 });
  if (interrupted || (!ok && step.gate)) break;
}

console.log('');
for (const { name, ok, seconds } of results)
  console.log(`${ok ? 'ok    ' : 'FAILED'} ${name.padEnd(12)} ${seconds.toFixed(1)} s`);
process.exit(interrupted ? 130 : results.every((result) => result.ok) ? 0 : 1);

function nodeTests(pattern: string, concurrency: number): readonly string[] {
  const files = globSync(pattern, { cwd: root }).sort();
  return ['node', '--test', `--test-concurrency=${concurrency}`, '--test-reporter=spec', ...files];
}

function run([command, ...args]: readonly string[], env: NodeJS.ProcessEnv): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const child = spawn(command ?? '', args, { cwd: root, env, stdio: ['ignore', 'inherit', 'inherit'] });
    child.once('error', reject);
    child.once('close', (code) => resolve(code === 0));
  });
}
