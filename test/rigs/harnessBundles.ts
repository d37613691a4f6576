/** Bundles the harness's processes for a test, as `npm run build` does, without touching dist/. */

import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as esbuild from 'esbuild';

const root = join(import.meta.dirname, '../..');

export interface HarnessBundles {
  readonly entryPoints: { readonly coordinator: string; readonly worker: string };
  /** The sample data, as the npm package has it. */
  readonly samplesDirectory: string;
  remove(): Promise<void>;
}

/** The bundles lie below node_modules, so that they find their native packages. */
export async function bundleHarness(): Promise<HarnessBundles> {
  const cache = join(root, 'node_modules/.cache');
  await mkdir(cache, { recursive: true });
  const folder = await mkdtemp(join(cache, 'harness-'));
  await esbuild.build({
    absWorkingDir: root,
    bundle: true,
    sourcemap: true,
    sourcesContent: false,
    platform: 'node',
    target: 'node22',
    format: 'esm',
    logLevel: 'warning',
    entryPoints: { coordinator: 'src/harness/coordinator/main.ts', worker: 'src/harness/worker/main.ts' },
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    external: ['@duckdb/node-api'],
    banner: {
      js: "import { createRequire as _createRequire } from 'node:module'; const require = _createRequire(import.meta.url);",
    },
  });
  return {
    entryPoints: { coordinator: join(folder, 'coordinator.mjs'), worker: join(folder, 'worker.mjs') },
    samplesDirectory: join(root, 'node_modules/vega-datasets/data'),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
