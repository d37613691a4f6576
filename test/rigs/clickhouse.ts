/**
 * A real ClickHouse for tests: the engine itself, in process, behind the interface of `@clickhouse/client`.
 *
 * It comes as the npm package chdb, which is far too large for everyone's node_modules: it is installed, as the lock
 * file in clickhouse/ says, into a folder of the user's cache when a test first asks for it.
 */

import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { promisify } from 'node:util';
import { type ClickHouseClient, createClient } from '@clickhouse/client';
import { skipWithout } from './systemPart.ts';

export interface OpenClickHouse {
  readonly client: ClickHouseClient;
  /** Closes the engine and removes its data. */
  close(): Promise<void>;
}

const packageFolder = join(import.meta.dirname, 'clickhouse');
const packageFiles = ['package.json', 'package-lock.json', '.npmrc'];

/** An empty engine, or `undefined` when the test was skipped because there is none for this machine. One at a time in a process. */
export async function clickHouseForTests(t: Pick<TestContext, 'skip'>): Promise<OpenClickHouse | undefined> {
  // Other builds exist, but are not in the lock file.
  if (process.platform === 'linux' && process.arch === 'x64') return openClickHouse();
  skipWithout(
    t,
    `No ClickHouse engine for ${process.platform}-${process.arch}: the tests have one for linux-x64 (glibc).`,
  );
  return undefined;
}

/** An empty engine with its data in a temporary folder. One at a time in a process. */
async function openClickHouse(): Promise<OpenClickHouse> {
  const installed = await installClickHouse();
  const chdb = connectionModule(createRequire(join(installed, 'package.json'))('chdb/connection'));
  const data = await mkdtemp(join(tmpdir(), 'ingest-trace-clickhouse-'));
  // What chdb makes is what createClient takes, though its types are not part of this project's node_modules.
  const options = { connection: chdb.createChdbConnection({ path: data }) } as Parameters<typeof createClient>[0];
  const client = createClient(options);
  return {
    client,
    async close() {
      await client.close();
      await rm(data, { recursive: true, force: true });
    },
  };
}

/**
 * The folder with node_modules/chdb in it. Whatever runs at the same time installs into a folder of its own, and the
 * first one to finish gives it the final name.
 */
async function installClickHouse(): Promise<string> {
  const hash = createHash('sha256');
  for (const file of packageFiles) hash.update(await readFile(join(packageFolder, file)));
  const cache = join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'ingest-trace');
  const installed = join(cache, `clickhouse-${hash.digest('hex').slice(0, 16)}`);
  if (existsSync(installed)) return installed;
  await mkdir(cache, { recursive: true });
  const folder = await mkdtemp(join(cache, 'installing-clickhouse-'));
  try {
    for (const file of packageFiles) await copyFile(join(packageFolder, file), join(folder, file));
    // The engine is prebuilt: no script needs to run. Not `npm ci`: it wants the engines of all platforms in the lock
    // file, and there is one; what is in there is installed in that version and with that checksum all the same.
    await promisify(execFile)('npm', ['install', '--ignore-scripts', '--no-save'], { cwd: folder });
    await rename(folder, installed);
  } catch (error) {
    // Another run was faster.
    if (!existsSync(installed)) throw error;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return installed;
}

interface ConnectionModule {
  createChdbConnection(options: { readonly path: string }): unknown;
}

function connectionModule(value: unknown): ConnectionModule {
  if (typeof value === 'object' && value !== null && 'createChdbConnection' in value) return value as ConnectionModule;
  throw new Error("chdb/connection has no 'createChdbConnection': its version is not the one in the lock file");
}
