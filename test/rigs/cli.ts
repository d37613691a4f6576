/** Runs the built `ingest-trace` command. */

import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const main = join(import.meta.dirname, '../../dist/cli.mjs');

/** Runs a call with --json to its end; gives back one value for each line that it printed. Rejects when it fails. */
export async function runCli(...args: readonly string[]): Promise<readonly unknown[]> {
  if (!existsSync(main)) throw new Error(`There is no ${main}: 'npm run build' makes it`);
  const { stdout } = await promisify(execFile)(process.execPath, [main, ...args, '--json'], {
    maxBuffer: 64 * 1024 * 1024,
  });
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line): unknown => JSON.parse(line));
}
