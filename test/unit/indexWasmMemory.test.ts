/** What is told where the index's WebAssembly gets no more memory. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { wasmExports } from '../../src/index/wasm/wasmModule.ts';

test('memory that cannot be had is an error that says what to do, and what was had stays', () => {
  // What `assembly/parquet/index.ts` exports. It does not touch what it is asked to make room for.
  const encoder = wasmExports('parquet') as Record<string, (sizeBytes: number) => number>;
  const refused = { name: 'RangeError', message: /no memory is left.*lower.*INGEST_TRACE_MEMORY_MB/ };
  // More than the allocator gives in one piece, and then more than there are addresses.
  assert.throws(() => encoder['roomForColumn']?.(2 ** 30), refused);
  const most = 2 ** 30 - 2 ** 10;
  const places = ['roomForColumn', 'roomForEnds', 'roomForTexts'].map((name) => encoder[name]?.(most));
  assert.equal(new Set(places).size, 3);
  assert.throws(() => encoder['roomForStarts']?.(most / 4), refused);
  assert.equal(encoder['roomForColumn']?.(most), places[0]);
});
