/** Holds the direction of dependencies (ARCHITECTURE.md): each folder of src imports only what stands below it. */

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { test } from 'node:test';

const src = resolve(import.meta.dirname, '../../src');

const allowed: Readonly<Record<string, readonly string[]>> = {
  model: [],
  store: ['model'],
  stacktrace: ['model'],
  logs: ['model', 'store', 'stacktrace'],
  harness: ['model', 'store', 'stacktrace', 'logs'],
  index: ['model', 'store', 'stacktrace', 'logs'],
  backends: ['model', 'store', 'stacktrace', 'logs', 'index'],
  engine: ['model', 'store', 'stacktrace', 'logs', 'index', 'backends'],
  cli: ['model', 'store', 'stacktrace', 'logs', 'harness', 'index', 'backends'],
  extension: ['model', 'stacktrace', 'engine'],
  webview: ['model'],
};

const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
const importOf = /^(?:import|export)\s+(?:type\s)?[^'"]*?from\s+'([^']+)'|^import\s+()'([^']+)'|import\(\s*'([^']+)'/gm;

test('every folder of src is in the map of layers', () => {
  const folders = readdirSync(src, { withFileTypes: true }).map((entry) => entry.name);
  assert.deepEqual(
    folders.filter((folder) => !(folder in allowed)),
    [],
  );
});

for (const file of files) {
  test(`src/${file.split(sep).join('/')} imports only what its layer may`, () => {
    const layer = file.split(sep)[0] ?? '';
    const text = readFileSync(join(src, file), 'utf8');
    for (const match of text.matchAll(importOf)) {
      const target = match[1] ?? match[3] ?? match[4] ?? '';
      if (target === 'vscode') assert.equal(layer, 'extension', `only src/extension imports 'vscode'`);
      if (!target.startsWith('.')) {
        if (layer === 'model') assert.fail(`model imports nothing: ${target}`);
        if (layer === 'extension' && target.startsWith('@duckdb')) assert.fail('no native code in the extension host');
        continue;
      }
      const targetLayer = relative(src, resolve(src, dirname(file), target)).split(sep)[0] ?? '';
      if (targetLayer === layer) continue;
      assert.ok(allowed[layer]?.includes(targetLayer), `${layer} must not import ${targetLayer}: ${target}`);
    }
  });
}
