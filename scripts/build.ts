/** Bundles every process of the project into dist/, with source maps, and compiles what is WebAssembly: `npm run build [-- --watch]`. */

import { copyFile, mkdir, rm, watch } from 'node:fs/promises';
import { join } from 'node:path';
import * as esbuild from 'esbuild';
import { samples } from '../src/harness/samples.ts';
import { assemblySource, compileAssembly } from './compileAssembly.ts';

const root = join(import.meta.dirname, '..');

const common = {
  absWorkingDir: root,
  bundle: true,
  sourcemap: true,
  // The maps name src/*.ts; the text itself need not travel with the package.
  sourcesContent: false,
  legalComments: 'none',
  logLevel: 'warning',
  target: 'node22',
  platform: 'node',
} satisfies esbuild.BuildOptions;

/** Node processes. Bundled CommonJS packages (the AWS SDK among them) expect a `require`. */
const processes: esbuild.BuildOptions = {
  ...common,
  entryPoints: {
    cli: 'src/cli/main.ts',
    engine: 'src/engine/main.ts',
    builderThread: 'src/index/segments/builderThread.ts',
    coordinator: 'src/harness/coordinator/main.ts',
    worker: 'src/harness/worker/main.ts',
  },
  outdir: 'dist',
  outExtension: { '.js': '.mjs' },
  format: 'esm',
  // What the processes share is in chunks; and the command can look at its Node before it loads what older ones lack.
  splitting: true,
  chunkNames: 'chunk-[hash]',
  external: ['@duckdb/node-api'],
  banner: {
    js: "import { createRequire as _createRequire } from 'node:module'; const require = _createRequire(import.meta.url);",
  },
};

const extension: esbuild.BuildOptions = {
  ...common,
  entryPoints: { extension: 'src/extension/main.ts' },
  outdir: 'dist',
  outExtension: { '.js': '.cjs' },
  format: 'cjs',
  external: ['vscode'],
};

const webview: esbuild.BuildOptions = {
  ...common,
  entryPoints: { timeline: 'src/webview/timeline.ts' },
  outdir: 'dist/webview',
  platform: 'browser',
  format: 'iife',
  target: 'es2022',
};

const builds = [processes, extension, webview];
const dist = join(root, 'dist');

if (process.argv.includes('--watch')) {
  const contexts = await Promise.all(builds.map((options) => esbuild.context(options)));
  await Promise.all([watchAssembly(), ...contexts.map((context) => context.watch())]);
} else {
  await rm(dist, { recursive: true, force: true });
  await Promise.all([copySamples(), compileAssembly(dist), ...builds.map((options) => esbuild.build(options))]);
}

/** Compiles it now and whenever its source is changed, until the process is ended; what is wrong with it is told. */
async function watchAssembly(): Promise<void> {
  const compile = () =>
    compileAssembly(dist).catch((error: unknown) => console.error(error instanceof Error ? error.message : error));
  await compile();
  for await (const _ of watch(assemblySource, { recursive: true })) await compile();
}

/** The harness's sample data, so that an installed extension has it too. */
async function copySamples(): Promise<void> {
  const from = join(root, 'node_modules/vega-datasets');
  const to = join(dist, 'samples');
  await mkdir(to, { recursive: true });
  // Says where each file comes from and under which terms.
  await copyFile(join(from, 'README.md'), join(to, 'README.md'));
  for (const file of new Set(samples.map((sample) => sample.file)))
    await copyFile(join(from, 'data', file), join(to, file));
}
