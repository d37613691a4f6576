/** `trace --commit`: frames at the commit that ran, and where their lines are now. */

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { mkdir, readFile, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { git as runGit } from '../../src/cli/git.ts';
import { type TemporaryFolder, temporaryFolder } from '../rigs/temporaryFolder.ts';

const cli = join(import.meta.dirname, '../../dist/cli.mjs');
let temporary: TemporaryFolder;
let folder: string;
let commit: string;

const git = (...args: readonly string[]) =>
  execFileSync('git', ['-C', folder, '-c', 'user.name=Test', '-c', 'user.email=test@localhost', ...args], {
    encoding: 'utf8',
  });

async function write(path: string, lines: readonly string[]): Promise<void> {
  await mkdir(dirname(join(folder, path)), { recursive: true });
  await writeFile(join(folder, path), lines.map((line) => `${line}\n`).join(''));
}

/** In UTF-16, as some editors write C#. */
async function writeWide(lines: readonly string[]): Promise<void> {
  const path = join(folder, 'service/src/Wide.cs');
  await writeFile(path, Buffer.from(`\uFEFF${lines.map((line) => `${line}\r\n`).join('')}`, 'utf16le'));
}

/** Of each file its own: git takes files that are alike for renamed ones. */
const bodyOf = (name: string) =>
  Array.from({ length: 30 }, (_, index) => `  const ${name}${index + 1} = compute(${index + 1});`);

before(async () => {
  temporary = await temporaryFolder('commit');
  folder = temporary.path;
  git('init', '--quiet', '--initial-branch=main');
  for (const name of ['same', 'edited', 'oldName', 'deleted', 'staged'])
    await write(`service/src/${name}.ts`, bodyOf(name));
  await write('.gitattributes', ['generated.ts -diff']);
  await write('service/src/generated.ts', bodyOf('generated'));
  await writeWide(bodyOf('wide'));
  await mkdir(join(folder, 'service/linked'));
  await symlink('../src/edited.ts', join(folder, 'service/linked/edited.ts'));
  await write('acme/Loader.java', ['package acme;', 'class Loader { void load() {} }']);
  git('add', '--all');
  git('commit', '--quiet', '--message=Deployed');
  commit = git('rev-parse', 'HEAD').trim();
  // Since: two lines on top, the tenth changed, the twentieth gone; a file renamed and moved down, one deleted.
  const edited = bodyOf('edited')
    .with(9, '  const edited10 = await compute(10, options);')
    .toSpliced(19, 1)
    .toSpliced(0, 0, '//', '//');
  await write('service/src/edited.ts', edited);
  await rename(join(folder, 'service/src/oldName.ts'), join(folder, 'service/src/newName.ts'));
  await write('service/src/newName.ts', ['// renamed', ...bodyOf('oldName')]);
  await rm(join(folder, 'service/src/deleted.ts'));
  await write('service/src/generated.ts', ['//', '//', ...bodyOf('generated')]);
  await writeWide(['//', '//', ...bodyOf('wide')]);
  git('add', '--all');
  git('commit', '--quiet', '--message=Since');
  // And on the disk, not committed yet.
  git('mv', 'service/src/staged.ts', 'service/src/restaged.ts');
  await write('service/src/restaged.ts', ['// on the disk', ...bodyOf('staged')]);
  await write('service/src/fresh.ts', bodyOf('fresh'));
});
after(() => temporary.remove());

interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const run = (args: readonly string[], input: string, options: { cwd?: string; path?: string } = {}) =>
  call(['trace', ...args], input, options);

function call(args: readonly string[], input = '', options: { cwd?: string; path?: string } = {}): Promise<Ran> {
  const child = spawn(process.execPath, [cli, ...args], {
    cwd: options.cwd ?? folder,
    env: { ...process.env, ...(options.path !== undefined && { PATH: options.path }) },
  });
  child.stdin.end(input);
  return new Promise((resolve, reject) => {
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk));
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, stdout, stderr }));
  });
}

const frames = (...places: readonly string[]) =>
  ['Error: no', ...places.map((place) => `    at compute (/srv/${place}:3)`)].join('\n');

async function report(...places: readonly string[]) {
  const { code, stdout, stderr } = await run(['--json', '--commit', commit], frames(...places));
  assert.equal(code, 0, stderr);
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown> & { resolved: { path: string; line: number } | null });
}

for (const [place, then, now, path, line1] of [
  ['same.ts:5', ['same.ts', 5], 'same', 'same.ts', 5],
  ['edited.ts:5', ['edited.ts', 5], 'moved', 'edited.ts', 7],
  ['edited.ts:10', ['edited.ts', 10], 'changed', 'edited.ts', 12],
  ['edited.ts:20', ['edited.ts', 20], 'gone', 'edited.ts', 22],
  ['oldName.ts:7', ['oldName.ts', 7], 'moved', 'newName.ts', 8],
  ['staged.ts:7', ['staged.ts', 7], 'moved', 'restaged.ts', 8],
] as const) {
  test(`a line of ${place} is ${now}, in ${path}`, async () => {
    const [frame] = await report(`service/src/${place}`);
    assert.deepEqual(frame?.['ran'], { commit, path: `service/src/${then[0]}`, line: then[1] });
    assert.equal(frame?.['now'], now);
    assert.equal(frame?.resolved?.path, join(folder, 'service/src', path));
    assert.equal(frame?.resolved?.line, line1);
  });
}

test('nothing is said of a line that the commit does not have, or that the frame does not name', async () => {
  const [past] = await report('service/src/same.ts:400');
  assert.deepEqual([past?.['ran'], past?.['now'], past?.resolved], [null, null, null]);
  assert.match(String(past?.['why']), /the file has only 30 lines/);
  const java = 'java.lang.Error: no\n\tat acme.Loader.load(Loader.java)\n';
  const { stdout } = await run(['--json', '--commit', commit], java);
  const frame = JSON.parse(stdout) as { ran: unknown; now: unknown; resolved: { path: string; line: number } };
  assert.deepEqual([frame.ran, frame.now], [null, null]);
  assert.deepEqual([frame.resolved.path, frame.resolved.line], [join(folder, 'acme/Loader.java'), 1]);
});

test('a line of what git takes for binary is followed as well', async () => {
  const [attribute] = await report('service/src/generated.ts:5');
  assert.deepEqual([attribute?.['now'], attribute?.resolved?.line], ['moved', 7]);
  const [wide] = await report('service/src/Wide.cs:5');
  assert.deepEqual([wide?.['now'], wide?.resolved?.line], ['moved', 7]);
});

test('nothing is said of a line that is reached by a link: what it leads to may have changed', async () => {
  const [linked] = await report('service/linked/edited.ts:5');
  assert.deepEqual([linked?.['ran'], linked?.['now']], [null, null]);
  assert.match(String(linked?.['why']), /no file of commit/);
});

test('a file that was deleted since has a line that ran and none now', async () => {
  const [frame] = await report('service/src/deleted.ts:4');
  assert.deepEqual(frame?.['ran'], { commit, path: 'service/src/deleted.ts', line: 4 });
  assert.equal(frame?.['now'], 'deleted');
  assert.equal(frame?.resolved, null);
  assert.match(String(frame?.['why']), /there is no service\/src\/deleted\.ts any more, which commit [0-9a-f]{8} has/);
});

test('a file that the commit did not have is not taken for one of it', async () => {
  const [renamed, fresh, nowhere] = await report(
    'service/src/newName.ts:4',
    'service/src/fresh.ts:4',
    'service/src/nowhere.ts:4',
  );
  for (const frame of [renamed, fresh, nowhere]) assert.deepEqual([frame?.['ran'], frame?.['now']], [null, null]);
  assert.equal(renamed?.resolved, null);
  assert.match(String(fresh?.['why']), /no file of commit/);
});

test('without --commit the fields are there and say nothing', async () => {
  const { stdout } = await run(['--json'], frames('service/src/edited.ts:5'));
  const frame = JSON.parse(stdout) as { ran: unknown; now: unknown; resolved: { line: number } };
  assert.deepEqual([frame.ran, frame.now, frame.resolved.line], [null, null, 5]);
});

test('people read that a line is approximate', async () => {
  const { stdout } = await run([], frames('service/src/edited.ts:1', 'service/src/edited.ts:12'));
  assert.match(
    stdout,
    /edited\.ts:1:3 +compute +\(approximate: compute stands below the line only, which may have moved\)/,
  );
  assert.match(stdout, /edited\.ts:12:3 +compute$/m);
});

test('of a line at the commit that ran nothing is approximate', async () => {
  const trace = frames('service/src/same.ts:1').replace('compute', 'same5');
  const doubt = /approximate: same5 stands below the line only/;
  assert.match((await run([], trace)).stdout, doubt);
  const { stdout } = await run(['--commit', commit], trace);
  assert.match(stdout, /same\.ts:1:3 +same5 +\(service\/src\/same\.ts:1 at [0-9a-f]{8}, same\)$/m);
});

test('people read where the line is, and where it was', async () => {
  const short = commit.slice(0, 10);
  const { code, stdout } = await run(
    ['--commit', short],
    frames('service/src/oldName.ts:7', 'service/src/deleted.ts:4'),
  );
  assert.equal(code, 0);
  assert.match(
    stdout,
    new RegExp(
      `service/src/newName\\.ts:8\\S* +compute +\\(service/src/oldName\\.ts:7 at ${commit.slice(0, 8)}, moved\\)`,
    ),
  );
  assert.match(stdout, /there is no service\/src\/deleted\.ts any more, which commit [0-9a-f]{8} has/);
});

test('a workspace that is a folder of the repository, or reached by a link, is followed as well', async (t) => {
  const links = await temporaryFolder('links');
  t.after(() => links.remove());
  await symlink(folder, join(links.path, 'work'));
  for (const workspace of [join(folder, 'service'), join(links.path, 'work/service')]) {
    const args = ['--json', '--commit', commit, '--workspace', workspace];
    const { stdout, stderr } = await run(args, frames('service/src/oldName.ts:7'), { cwd: links.path });
    assert.equal(stderr, '');
    const frame = JSON.parse(stdout) as { resolved: { path: string }; ran: { path: string } };
    assert.equal(frame.resolved.path, join(workspace, 'src/newName.ts'));
    assert.equal(frame.ran.path, 'service/src/oldName.ts');
  }
});

test('a commit that is not there is a failure that names the remedy', async () => {
  const unknown = 'f'.repeat(40);
  const { code, stdout, stderr } = await run(['--json', '--commit', unknown], frames('service/src/same.ts:5'));
  assert.equal(code, 1);
  assert.equal(stdout, '');
  assert.match(
    stderr,
    new RegExp(`Commit ${unknown} is not in the repository .*git -C .* fetch.*fetch origin ${unknown}`),
  );
});

test('a branch or tag that is called like a commit is not taken for it', async () => {
  git('branch', commit.slice(0, 9), 'HEAD');
  git('tag', 'abcdef0', 'HEAD');
  const { stdout, stderr } = await run(['--json', '--commit', 'abcdef0'], frames('service/src/edited.ts:5'));
  assert.equal(stdout, '');
  assert.match(stderr, /Commit abcdef0 is not in the repository/);
  const short = await run(['--json', '--commit', commit.slice(0, 9)], frames('service/src/edited.ts:5'));
  assert.equal(short.stdout, '');
  git('branch', '--delete', '--force', commit.slice(0, 9));
});

test('git is asked once for a file, however many frames are in it', async (t) => {
  const counting = await temporaryFolder('git');
  t.after(() => counting.remove());
  const real = execFileSync('which', ['git'], { encoding: 'utf8' }).trim();
  const asked = join(counting.path, 'asked');
  await writeFile(join(counting.path, 'git'), `#!/bin/sh\necho x >>${asked}\nexec ${real} "$@"\n`, { mode: 0o755 });
  const places = ['service/src/edited.ts:5', 'service/src/edited.ts:7'];
  const text = Array.from({ length: 30 }, () => `${frames(...places)}\n`).join('\n');
  const path = `${counting.path}:${process.env['PATH'] ?? ''}`;
  const { stdout } = await run(['--json', '--commit', commit], text, { path });
  assert.equal(stdout.trim().split('\n').length, 60);
  const calls = (await readFile(asked, 'utf8')).trim().split('\n').length;
  assert.ok(calls < 12, `${calls} calls`);
});

test('git ends when the call is cancelled, and is not started afterwards', async () => {
  const controller = new AbortController();
  const options = { signal: controller.signal, env: process.env };
  assert.equal((await runGit(folder, ['rev-parse', 'HEAD^'], options))?.trim(), commit);
  // Waits for a text on its stdin, which never comes.
  const waiting = runGit(folder, ['hash-object', '--stdin'], options);
  controller.abort(new Error('enough'));
  await assert.rejects(waiting, /enough/);
  await assert.rejects(runGit(folder, ['rev-parse', 'HEAD'], options), /enough/);
});

test('without a repository, and without git, it says what is missing', async (t) => {
  const outside = await temporaryFolder('outside');
  t.after(() => outside.remove());
  const nowhere = await run(['--commit', commit], frames('a.ts:1'), { cwd: outside.path });
  assert.equal(nowhere.code, 1);
  assert.match(nowhere.stderr, /is in no git repository/);
  const without = await run(['--commit', commit], frames('a.ts:1'), { path: outside.path });
  assert.equal(without.code, 1);
  assert.match(without.stderr, /git is not installed, or not in the PATH/);
});

for (const hostile of ['--output=/tmp/x', 'HEAD', `${'a'.repeat(8)}; rm -rf .`, '', 'a1b2c3d^{/x}']) {
  test(`${JSON.stringify(hostile)} is no commit's hash and never reaches git`, async (t) => {
    const outside = await temporaryFolder('outside');
    t.after(() => outside.remove());
    const { code, stderr } = await run([`--commit=${hostile}`], frames('a.ts:1'), { path: outside.path });
    assert.equal(code, 2, stderr);
    assert.match(stderr, /--commit expects the hash of a commit/);
  });
}

test('a task is printed with its lines at the commit of its build, or with how to get that', async (t) => {
  const logs = await temporaryFolder('logs');
  t.after(() => logs.remove());
  const unknown = 'e'.repeat(40);
  const records = [commit, unknown].map((ran) => ({
    ts: Date.now(),
    event: 'task.failed',
    task: ran === unknown ? 'elsewhere' : 'here',
    error: { type: 'Error', message: 'no', stack: frames('service/src/oldName.ts:7', 'service/src/edited.ts:5') },
    build: { commit: ran },
  }));
  await writeFile(join(logs.path, 'w.ndjson'), records.map((record) => `${JSON.stringify(record)}\n`).join(''));
  const task = (id: string) => call(['task', id, '--logs', pathToFileURL(logs.path).href]);
  const here = await task('here');
  assert.equal(here.code, 0, here.stderr);
  assert.match(here.stdout, /newName\.ts:8:3 .*\(service\/src\/oldName\.ts:7 at [0-9a-f]{8}, moved\)/);
  assert.match(here.stdout, /edited\.ts:7:3 .*\(service\/src\/edited\.ts:5 at [0-9a-f]{8}, moved\)/);
  const elsewhere = await task('elsewhere');
  assert.equal(elsewhere.code, 0, elsewhere.stderr);
  assert.match(
    elsewhere.stderr,
    new RegExp(`Commit ${unknown} is not in the repository .* Until then lines are as the`),
  );
  assert.match(elsewhere.stdout, /edited\.ts:5:3/);
});

test('a program that the repository names for its files is not run', async () => {
  const trap = join(folder, '.git/trap');
  await writeFile(trap, `#!/bin/sh\ntouch ${join(folder, '.git/sprung')}\ncat "$1" 2>/dev/null\n`, { mode: 0o755 });
  for (const key of [
    'diff.external',
    'core.fsmonitor',
    'diff.trap.textconv',
    'diff.trap.command',
    'filter.a trap.clean',
    'filter.a trap.process',
    'filter.trap.clean',
    'filter.trap.smudge',
  ])
    git('config', key, trap);
  await writeFile(join(folder, '.git/info/attributes'), '*.ts diff=trap filter=trap\n');
  git('config', 'filter.trap.required', 'true');
  // Changed since git has looked at it last: what would be committed is asked of the filter.
  await utimes(join(folder, 'service/src/edited.ts'), 1, 1);
  const [frame] = await report('service/src/edited.ts:5');
  assert.equal(frame?.['now'], 'moved');
  assert.throws(() => execFileSync('ls', [join(folder, '.git/sprung')], { stdio: 'pipe' }));
});
