/** What is measured as it ships: bundled, without types to strip. */

import { spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import * as esbuild from 'esbuild';

const root = join(import.meta.dirname, '../..');

/** Builds the extension's processes, and gives the engine's main module. */
export function builtEngine(): string {
  const { status, stderr } = spawnSync(process.execPath, ['scripts/build.ts'], { cwd: root, encoding: 'utf8' });
  if (status !== 0) throw new Error(`the build ended with ${status}: ${stderr}`);
  return join(root, 'dist', 'engine.mjs');
}

/** Bundles a module of this folder as the build does, with the thread that may go with it, and gives the file to run. */
export async function bundled(name: string): Promise<string> {
  // Within the project, whose packages that are left outside must be found.
  const outdir = join(root, 'node_modules', '.cache', 'ingest-trace-bench');
  await esbuild.build({
    entryPoints: {
      [name]: join(import.meta.dirname, `${name}.ts`),
      builderThread: join(root, 'src/index/segments/builderThread.ts'),
    },
    outdir,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    platform: 'node',
    format: 'esm',
    target: 'node22',
    logLevel: 'warning',
    external: ['@duckdb/node-api'],
    banner: {
      js: "import { createRequire as _createRequire } from 'node:module'; const require = _createRequire(import.meta.url);",
    },
  });
  // As it was built: its compiler would stay in this process, which starts others and times them.
  for (const module of globSync(join(root, 'dist', '*.wasm'))) await copyFile(module, join(outdir, basename(module)));
  return join(outdir, `${name}.mjs`);
}
