import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { packageExtension } from '../../scripts/package.ts';
import { type ZipEntry, zipEntries } from '../../scripts/zipEntries.ts';
import { type TemporaryFolder, temporaryFolder } from '../rigs/temporaryFolder.ts';

/** Everything that may be in the package; the first fitting line also says why. */
const allowed: readonly (readonly [RegExp, string])[] = [
  [/^extension\.vsixmanifest$/, 'the package itself'],
  [/^\[Content_Types\]\.xml$/, 'the package itself'],
  [/^extension\/(package\.json|readme\.md|changelog\.md|LICENSE\.txt)$/, 'what VS Code shows'],
  [/^extension\/(docs\/[\w.-]+\.(md|json)|ARCHITECTURE\.md|CONTRIBUTING\.md)$/, 'what the README links to'],
  [
    /^extension\/dist\/(extension|engine|builderThread|cli|coordinator|worker|\w+-[A-Z0-9]{8})\.[cm]js(\.map)?$/,
    'bundles of Node processes',
  ],
  [/^extension\/dist\/(scanner|parquet)\.wasm$/, 'inner loops of the index'],
  [/^extension\/dist\/webview\/\w+\.(js|css)(\.map)?$/, 'bundles of web views'],
  [/^extension\/src\/(harness|logs|model|store)\/[\w/]+\.ts$/, 'what stack frames of the local harness lead to'],
  [/^extension\/dist\/samples\/[\w.-]+\.(csv|json|ndjson|tsv|md)$/, 'sample data of the local harness'],
  [
    /^extension\/media\/[\w./-]+\.(svg|png|md|css|json)$/,
    'icons, pictures, styles, schema, grammar and the walkthrough',
  ],
  [/^extension\/node_modules\/@duckdb\/[\w-]+\/(package\.json|LICENSE)$/, 'DuckDB'],
  [/^extension\/node_modules\/@duckdb\/node-(api|bindings)\/[\w./]+\.js$/, 'DuckDB'],
  [/^extension\/node_modules\/@duckdb\/node-bindings-[\w-]+\/(duckdb\.node|libduckdb\.\w+|duckdb\.dll)$/, 'DuckDB'],
];

describe('the VSIX', () => {
  let folder: TemporaryFolder;
  let entries: readonly ZipEntry[];
  let bytes: number;

  before(async () => {
    folder = await temporaryFolder('package');
    const packaged = await packageExtension({ outDirectory: folder.path });
    bytes = packaged.bytes;
    entries = await zipEntries(packaged.path);
  });
  after(() => folder.remove());

  it('holds what is allowed and nothing else: no other sources, tests, settings or secrets', () => {
    const unexpected = entries.filter(({ path }) => !allowed.some(([pattern]) => pattern.test(path)));
    assert.deepEqual(
      unexpected.map(({ path }) => path),
      [],
    );
  });

  it('holds every process, the web view and the source maps that stack traces need', () => {
    const paths = new Set(entries.map(({ path }) => path));
    for (const bundle of [
      'extension.cjs',
      'engine.mjs',
      'cli.mjs',
      'coordinator.mjs',
      'worker.mjs',
      'builderThread.mjs',
    ]) {
      assert.ok(paths.has(`extension/dist/${bundle}`), bundle);
      assert.ok(paths.has(`extension/dist/${bundle}.map`), `${bundle}.map`);
    }
    assert.ok(paths.has('extension/dist/scanner.wasm'));
    assert.ok(paths.has('extension/dist/parquet.wasm'));
    assert.ok([...paths].some((path) => path.startsWith('extension/dist/webview/')));
    assert.ok([...paths].some((path) => path.startsWith('extension/dist/samples/')));
    assert.ok(paths.has('extension/src/harness/worker/documentTable.ts'));
  });

  it('holds the native binding of this platform and of no other', () => {
    const bindings = entries.filter(({ path }) => path.endsWith('/duckdb.node'));
    assert.deepEqual(
      bindings.map(({ path }) => path),
      [`extension/node_modules/@duckdb/node-bindings-${process.platform}-${process.arch}/duckdb.node`],
    );
    assert.ok(bindings.every((binding) => binding.bytes > 0));
  });

  it('stays under 40 MB', () => {
    assert.ok(bytes < 40_000_000, `${bytes} bytes`);
  });
});
