/** The list of a workspace's files: git's where there is a repository, else a bounded walk. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { listWorkspaceFiles } from '../../src/stacktrace/listWorkspaceFiles.ts';
import { readSource } from '../../src/stacktrace/readSource.ts';

function folderWith(t: TestContext, paths: readonly string[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'ingest-trace-files-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  for (const path of paths) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), 'x\n');
  }
  return folder;
}

function git(folder: string, ...args: readonly string[]): void {
  assert.equal(spawnSync('git', args, { cwd: folder }).status, 0, `git ${args.join(' ')}`);
}

test('lists tracked and new files of a repository, not the ignored ones, odd names included', async (t) => {
  const folder = folderWith(t, ['src/a.ts', 'src/b c "d".ts', 'src/é.ts', 'out/x.js', 'new.ts']);
  writeFileSync(join(folder, '.gitignore'), 'out/\n');
  git(folder, 'init', '-q');
  git(folder, 'add', 'src/a.ts');
  assert.deepEqual((await listWorkspaceFiles(folder)).sort(), [
    '.gitignore',
    'new.ts',
    'src/a.ts',
    'src/b c "d".ts',
    'src/é.ts',
  ]);
  assert.deepEqual((await listWorkspaceFiles(join(folder, 'src'))).sort(), ['a.ts', 'b c "d".ts', 'é.ts']);
});

test('lists what is in submodules, and none that leads elsewhere', async (t) => {
  const folder = folderWith(t, ['a.ts', 'service/b.ts', '.gitignore']);
  const library = folderWith(t, ['src/item.ts', 'deep/.keep']);
  const run = (cwd: string, ...args: readonly string[]) =>
    git(cwd, '-c', 'protocol.file.allow=always', '-c', 'user.name=T', '-c', 'user.email=t@localhost', ...args);
  for (const one of [library, folder]) {
    run(one, 'init', '-q');
    run(one, 'add', '--all');
    run(one, 'commit', '-qm', 'x');
  }
  run(folder, 'submodule', 'add', '-q', library, 'service/third party');
  writeFileSync(join(folder, 'service/third party/src/new.ts'), 'x\n');
  assert.deepEqual((await listWorkspaceFiles(join(folder, 'service'))).sort(), [
    'b.ts',
    'third party/deep/.keep',
    'third party/src/item.ts',
    'third party/src/new.ts',
  ]);
  assert.ok((await listWorkspaceFiles(folder)).includes('service/third party/src/item.ts'));
  symlinkSync(library, join(folder, 'linked'));
  writeFileSync(
    join(folder, '.gitmodules'),
    `[submodule "x"]\n\tpath = ../${library.split('/').at(-1)}\n[submodule "y"]\n\tpath = linked\n[submodule "z"]\n\tpath = gone\n`,
  );
  assert.deepEqual(
    (await listWorkspaceFiles(folder)).filter((path) => path.includes('item.ts')),
    [],
  );
});

test('a repository within one is no file', async (t) => {
  const folder = folderWith(t, ['a.ts', 'inner/b.ts']);
  git(folder, 'init', '-q');
  git(join(folder, 'inner'), 'init', '-q');
  assert.deepEqual(await listWorkspaceFiles(folder), ['a.ts']);
});

test('a repository’s configuration runs no program', async (t) => {
  const folder = folderWith(t, ['a.ts']);
  git(folder, 'init', '-q');
  const ran = join(folder, 'ran');
  git(folder, 'config', 'core.fsmonitor', `touch ${ran}; false`);
  await listWorkspaceFiles(folder);
  assert.equal(existsSync(ran), false);
});

test('walks a plain folder without following links or entering packages', async (t) => {
  const folder = folderWith(t, ['a/b.ts', 'node_modules/x/index.js', 'c.ts']);
  symlinkSync(folder, join(folder, 'a/loop'));
  assert.deepEqual((await listWorkspaceFiles(folder)).sort(), ['a/b.ts', 'c.ts']);
  assert.equal((await listWorkspaceFiles(folder, { maxFiles: 1 })).length, 1);
});

test('a folder that is not there is an error', async () => {
  await assert.rejects(listWorkspaceFiles(join(tmpdir(), 'ingest-trace-no-such-folder')), { code: 'ENOENT' });
});

test('stops when it is cancelled, before and while it lists', async (t) => {
  const folder = folderWith(t, ['a.ts']);
  git(folder, 'init', '-q');
  await assert.rejects(listWorkspaceFiles(folder, { signal: AbortSignal.abort(new Error('no')) }), /no/);
  const controller = new AbortController();
  const listing = listWorkspaceFiles(folder, { signal: controller.signal });
  controller.abort(new Error('enough'));
  await assert.rejects(listing, /enough/);
});

test('reads sources up to a size, and says what else it found', async (t) => {
  const folder = folderWith(t, ['a.ts']);
  assert.deepEqual(await readSource(join(folder, 'a.ts'), 10), { kind: 'text', text: 'x\n' });
  assert.deepEqual(await readSource(join(folder, 'a.ts'), 1), { kind: 'tooLarge', sizeBytes: 2 });
  for (const encoding of ['utf8', 'utf16le'] as const) {
    writeFileSync(join(folder, 'marked.cs'), Buffer.from('\uFEFFnamespace É;\n', encoding));
    assert.deepEqual(await readSource(join(folder, 'marked.cs'), 50), { kind: 'text', text: 'namespace É;\n' });
  }
  writeFileSync(join(folder, 'marked.cs'), Buffer.from('\uFEFFnamespace É;\n', 'utf16le').swap16());
  assert.deepEqual(await readSource(join(folder, 'marked.cs'), 50), { kind: 'text', text: 'namespace É;\n' });
  assert.deepEqual(await readSource(folder, 10), { kind: 'missing' });
  assert.deepEqual(await readSource(join(folder, 'b.ts'), 10), { kind: 'missing' });
});
