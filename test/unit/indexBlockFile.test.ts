import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { bytesInMemory, OpenedFile } from '../../src/index/blocks/blockBytes.ts';
import { BlockFile, DamagedBlockFile } from '../../src/index/blocks/blockFile.ts';
import { BlockWriter } from '../../src/index/blocks/blockWriter.ts';

/** A compressed column, one that is stored as it is, and one of doubles. */
function written(): Buffer {
  const writer = new BlockWriter();
  writer.addWords(
    'words',
    Uint32Array.from({ length: 100 }, (_, at) => Math.imul(at, 0x9e3779b1) >>> 0),
  );
  writer.addNumbers(
    'counts',
    Float64Array.from({ length: 1000 }, (_, at) => at % 7),
  );
  writer.addNumbers('doubles', Float64Array.of(0.5, Number.NaN, -1e300));
  return Buffer.concat(writer.finish());
}

const names = ['words', 'counts', 'doubles'];

function readAll(bytes: Buffer): number[][] {
  const file = new BlockFile(bytesInMemory(bytes));
  return names.map((name) => [...file.numbers(name)]);
}

async function folderFor(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'ingest-trace-blocks-'));
  t.after(async () => await rm(folder, { recursive: true, force: true }));
  return folder;
}

test('a bit that is not what was written is noticed wherever it is, or tells nothing', () => {
  const bytes = written();
  const expected = readAll(bytes);
  let harmless = 0;
  for (let bit = 0; bit < 8 * bytes.length; bit++) {
    const damaged = Buffer.from(bytes);
    damaged.writeUInt8((damaged[bit >>> 3] ?? 0) ^ (1 << (bit & 7)), bit >>> 3);
    try {
      assert.deepEqual(readAll(damaged), expected);
      harmless += 1;
    } catch (error) {
      assert.ok(error instanceof DamagedBlockFile, `bit ${bit} of ${8 * bytes.length}: ${String(error)}`);
    }
  }
  // The letters at its very start are not looked at, and frames of zstd can spell one thing in several ways.
  assert.ok(harmless < 8 * 8 + 30, `${harmless} bits`);
});

test('a file that ends early is noticed', () => {
  const bytes = written();
  for (let length = 0; length < bytes.length; length++) {
    assert.throws(() => readAll(bytes.subarray(0, length)), DamagedBlockFile, `${length} of ${bytes.length} bytes`);
  }
});

test('columns of a file are read when they are asked for, brought before or not, though its name is gone', async (t) => {
  const path = join(await folderFor(t), 'file');
  const bytes = written();
  await writeFile(path, bytes);
  const file = new BlockFile(new OpenedFile(path));
  await rm(path);
  const expected = readAll(bytes);
  assert.deepEqual(
    names.map((name) => [...file.numbers(name)]),
    expected,
  );
  await Promise.all([...names, 'none'].map(async (name) => await file.bring(name)));
  assert.deepEqual(
    names.map((name) => [...file.numbers(name)]),
    expected,
  );
  assert.throws(() => file.numbers('none'), DamagedBlockFile);
  file.close();
  assert.throws(() => file.numbers('words'), { code: 'EBADF' });
});

test('a file that is shortened while it is open is damaged, not read beyond its end', async (t) => {
  const path = join(await folderFor(t), 'file');
  await writeFile(path, written());
  const file = new BlockFile(new OpenedFile(path));
  await writeFile(path, written().subarray(0, 20));
  await file.bring('counts');
  for (const name of names) assert.throws(() => file.numbers(name), DamagedBlockFile, name);
  file.close();
});

const hasProc = process.platform === 'linux';
test('a file that is closed while a column is brought stays open until that is done', {
  skip: hasProc ? false : 'only Linux tells what files a process has open',
}, async (t) => {
  const path = join(await folderFor(t), 'file');
  await writeFile(path, written());
  const openFiles = async () => (await readdir('/proc/self/fd')).length;
  const before = await openFiles();
  const file = new BlockFile(new OpenedFile(path));
  const brought = file.bring('counts');
  file.close();
  await brought;
  assert.equal(await openFiles(), before);
});
