/** Where a line of an older revision is now: held to real git repositories, and to guesses where no revision is known. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Revision } from '../../src/stacktrace/revision.ts';
import { guessLine } from '../../src/stacktrace/revisionGuess.ts';
import { editBetween, lineNow, lineThrough, parseLineEdits, saysOnlyThat } from '../../src/stacktrace/revisionLines.ts';
import { type FileChange, isCommitName, RevisionPaths } from '../../src/stacktrace/revisionPaths.ts';
import { temporaryFolder } from '../rigs/temporaryFolder.ts';

interface Repository {
  readonly folder: string;
  readonly git: (...args: readonly string[]) => string;
  readonly write: (path: string, lines: readonly string[]) => void;
  readonly commit: () => string;
}

async function repository(t: TestContext): Promise<Repository> {
  const temporary = await temporaryFolder('revision');
  t.after(() => temporary.remove());
  const folder = temporary.path;
  const git = (...args: readonly string[]) =>
    execFileSync('git', ['-C', folder, '-c', 'user.name=Test', '-c', 'user.email=test@localhost', ...args], {
      encoding: 'utf8',
    });
  git('init', '--quiet');
  return {
    folder,
    git,
    write: (path, lines) => {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), lines.map((line) => `${line}\n`).join(''));
    },
    commit: () => {
      git('add', '--all');
      git('commit', '--quiet', '--message=x');
      return git('rev-parse', 'HEAD').trim();
    },
  };
}

const before = Array.from({ length: 40 }, (_, index) => `const value${index + 1} = compute(${index + 1});`);

test('says of each line of a changed file where it is now', async (t) => {
  const { write, commit, git } = await repository(t);
  write('a.ts', before);
  const then = commit();
  const after = before
    .with(9, 'const value10 = await compute(10, options);')
    .toSpliced(19, 2)
    .toSpliced(4, 0, '// one more', '// and one');
  write('a.ts', after);
  const edits = parseLineEdits(git('diff', then, '--', 'a.ts'));
  assert.deepEqual(lineNow(edits, 1), { kind: 'same', line1: 1 });
  assert.deepEqual(lineNow(edits, 5), { kind: 'moved', line1: 7 });
  assert.deepEqual(lineNow(edits, 10), { kind: 'changed', line1: 12 });
  assert.deepEqual(lineNow(edits, 20), { kind: 'gone', line1: 22 });
  assert.deepEqual(lineNow(edits, 40), { kind: 'same', line1: 40 });
});

test('a line that is said to be the same or moved has its text there, whatever was edited', async (t) => {
  const { write, commit, git } = await repository(t);
  let seed = 7;
  const random = (below: number) => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((seed / 2_147_483_648) * below);
  };
  const line = () =>
    ['}', '', `call${random(30)}(argument${random(9)});`, '- not a diff', '+ neither', '@@ -1 +1 @@'][random(6)] ?? '';
  for (let round = 0; round < 12; round++) {
    const old = Array.from({ length: 30 + random(40) }, line);
    write('a.ts', old);
    git('add', '--all');
    git('commit', '--quiet', '--allow-empty', '--message=x');
    const now = [...old];
    for (let edit = 0; edit < 1 + random(8); edit++) {
      now.splice(random(now.length), random(4), ...Array.from({ length: random(4) }, line));
    }
    write('a.ts', now);
    for (const context of ['--unified=0', '--unified=3', '--unified=20', '--color=always']) {
      const edits = parseLineEdits(git('diff', context, 'HEAD', '--', 'a.ts'));
      // Every edit applied to the old text gives the new one: nothing was read wrongly.
      const applied = edits.toReversed().reduce((text, { oldLine1, removed, added }) => {
        assert.deepEqual(text.slice(oldLine1 - 1, oldLine1 - 1 + removed.length), removed);
        return text.toSpliced(oldLine1 - 1, removed.length, ...added);
      }, old);
      assert.deepEqual(applied, now, context);
      for (const [index, text] of old.entries()) {
        const { kind, line1 } = lineNow(edits, index + 1);
        if (kind === 'same') assert.equal(line1, index + 1);
        if (kind === 'same' || kind === 'moved') assert.equal(now[line1 - 1]?.trim(), text.trim());
      }
    }
  }
  commit();
});

test('finds a line that was indented or carried elsewhere in the file', async (t) => {
  const { write, commit, git } = await repository(t);
  write('a.ts', before);
  const then = commit();
  const [carried = ''] = before.slice(2, 3);
  write('a.ts', [
    ...before.slice(0, 2),
    ...before.slice(3, 29),
    `  ${before[29] ?? ''}`,
    ...before.slice(30),
    '// end',
    carried,
  ]);
  const edits = parseLineEdits(git('diff', then, '--', 'a.ts'));
  assert.deepEqual(lineNow(edits, 3), { kind: 'moved', line1: 41 });
  assert.deepEqual(lineNow(edits, 30), { kind: 'moved', line1: 29 });
});

test('of lines alike that were indented together each is still itself', async (t) => {
  const { write, commit, git } = await repository(t);
  const old = ['start();', 'await flush(queue);', 'middle();', 'await flush(queue);', '}', 'await flush(queue);', '}'];
  write('a.ts', old);
  const then = commit();
  write('a.ts', [
    'try {',
    '  // all of it',
    ...old.map((line) => `  ${line}`),
    '} finally {',
    '  close();',
    '} // of all',
  ]);
  const edits = parseLineEdits(git('diff', then, '--', 'a.ts'));
  const now = old.map((_, index) => lineNow(edits, index + 1));
  assert.deepEqual(
    now,
    old.map((_, index) => ({ kind: 'moved', line1: index + 3 })),
  );
});

test('of two lines alike that are gone, one that came elsewhere is called neither', async (t) => {
  const { write, commit, git } = await repository(t);
  const line = '  await store.flush(queue, options);';
  write('a.ts', [...before.slice(0, 10), line, ...before.slice(10, 20), line, ...before.slice(20)]);
  const then = commit();
  write('a.ts', [...before, line]);
  const edits = parseLineEdits(git('diff', then, '--', 'a.ts'));
  assert.deepEqual([lineNow(edits, 11).kind, lineNow(edits, 22).kind], ['gone', 'gone']);
});

test('follows a file through its renaming and what was changed after it', async (t) => {
  const { folder, write, commit, git } = await repository(t);
  write('src/old.ts', before);
  const then = commit();
  mkdirSync(join(folder, 'lib'));
  renameSync(join(folder, 'src/old.ts'), join(folder, 'lib/new.ts'));
  write('lib/new.ts', ['// moved here', ...before]);
  commit();
  write('lib/new.ts', ['// moved here', '// and changed', ...before]);
  const steps = [git('diff', `${then}:src/old.ts`, 'HEAD:lib/new.ts'), git('diff', 'HEAD', '--', 'lib/new.ts')];
  assert.deepEqual(lineThrough(steps.map(parseLineEdits), 12), { kind: 'moved', line1: 14 });
  const status = git('diff', '--name-status', '-M', then).trim().split('\t');
  assert.match(status[0] ?? '', /^R\d+$/);
  const paths = new RevisionPaths([{ kind: 'renamed', from: '/w/src/old.ts', to: '/w/lib/new.ts' }]);
  assert.deepEqual(paths.now('/w/src/old.ts'), { kind: 'renamed', path: '/w/lib/new.ts' });
  assert.deepEqual(paths.now('/w/lib/new.ts'), { kind: 'new' });
});

test('a line moved away and back is the same', () => {
  const shift = parseLineEdits('@@ -0,0 +1,2 @@\n+a\n+b\n');
  const back = parseLineEdits('@@ -1,2 +0,0 @@\n-a\n-b\n');
  assert.deepEqual(lineThrough([shift, back], 5), { kind: 'same', line1: 5 });
});

test('a diff that is none, is cut off or goes on with another file does no harm', () => {
  assert.deepEqual(parseLineEdits(''), []);
  assert.deepEqual(parseLineEdits('Binary files a/x and b/x differ\n'), []);
  const cut = parseLineEdits('@@ -1,3 +1,3 @@\n a\n-b\n+c');
  assert.deepEqual(cut, [{ oldLine1: 2, newLine1: 2, removed: ['b'], added: ['c'] }]);
  const two =
    'diff --git a/x b/x\n@@ -1 +1 @@\n-b\n+c\n\\ No newline at end of file\ndiff --git a/y b/y\n@@ -1 +1 @@\n-d\n+e\n';
  assert.equal(parseLineEdits(two).length, 1);
});

test('what git calls only different is compared without it', async (t) => {
  const { write, commit, git } = await repository(t);
  write('.gitattributes', ['*.gen.ts -diff']);
  write('a.gen.ts', before);
  write('a.ts', [...before, '+Binary files a and b differ', 'Binary files a and b differ']);
  const then = commit();
  const after = ['//', ...before.with(19, 'changed();')];
  write('a.gen.ts', after);
  write('a.ts', [...after, 'Binary files a and b differ']);
  assert.equal(saysOnlyThat(git('diff', then, '--', 'a.gen.ts')), true);
  assert.equal(saysOnlyThat(git('diff', then, '--', 'a.ts')), false);
  const text = (lines: readonly string[]) => lines.map((line) => `${line}\n`).join('');
  const edits = editBetween(text(before), text(after));
  assert.deepEqual(lineNow(edits, 3), { kind: 'moved', line1: 4 });
  assert.equal(lineNow(edits, 20).kind, 'changed');
  assert.deepEqual(lineNow(edits, 40), { kind: 'moved', line1: 41 });
  assert.deepEqual(editBetween(text(before), text(before)), []);
  assert.deepEqual(lineNow(editBetween('a\na\nb\n', 'a\nb\n'), 3), { kind: 'moved', line1: 2 });
});

test('tells the files of a revision apart: kept, changed, renamed, deleted, not there yet', () => {
  const changes: readonly FileChange[] = [
    { kind: 'deleted', from: '/w/gone.ts' },
    { kind: 'modified', to: '/w/changed.ts' },
    { kind: 'added', to: '/w/fresh.ts' },
    { kind: 'renamed', from: '/w/was.ts', to: '/w/is.ts' },
    // In the place of the one that was renamed there is another file now.
    { kind: 'added', to: '/w/was.ts' },
  ];
  const paths = new RevisionPaths(changes);
  assert.deepEqual(
    ['gone', 'changed', 'fresh', 'was', 'is', 'other'].map((name) => paths.now(`/w/${name}.ts`).kind),
    ['deleted', 'modified', 'new', 'renamed', 'new', 'unchanged'],
  );
  assert.deepEqual(paths.lost, ['/w/gone.ts', '/w/was.ts']);
});

test('a revision has neither files of other repositories nor those of a submodule that has changed', () => {
  const source = {
    root: '/w',
    show: () => Promise.resolve(undefined),
    edits: () => Promise.resolve([]),
  };
  const revision = new Revision('a'.repeat(40), source, [
    { kind: 'modified', to: '/w/third/lib' },
    { kind: 'modified', to: '/w/src/a.ts' },
    { kind: 'added', to: '/w/src/new.ts' },
  ]);
  const paths = ['src/a.ts', 'src/b.ts', 'third/same/a.ts', 'third/library/a.ts', 'src/new.ts', 'third/lib/src/a.ts'];
  assert.deepEqual(
    paths.map((path) => revision.has(`/w/${path}`)),
    [true, true, true, true, false, false],
  );
  assert.deepEqual([revision.has('/other/a.ts'), revision.has('/wide/a.ts')], [false, false]);
});

test('hands nothing to git but the names of commits', () => {
  for (const name of ['8cb1d7f', '8CB1D7F0', 'a'.repeat(40), 'b'.repeat(64)]) assert.ok(isCommitName(name), name);
  for (const name of ['', 'main', 'HEAD', '--output=/tmp/x', '8cb1d7', '8cb1d7f ', '8cb1d7f:x', 'a'.repeat(65)]) {
    assert.ok(!isCommitName(name), name);
  }
});

const source = [
  'import { decode } from "./decode.ts";',
  '',
  'export function load(path: string) {',
  '  return decode(path);',
  '}',
  '',
  'export function reload(path: string) {',
  '  forget(path);',
  '  return decode(path);',
  '}',
].join('\n');

test('without a revision, a line on which the callee stands is the line', () => {
  assert.deepEqual(guessLine(source, { line1: 4, function: 'load', callee: 'decode' }), { kind: 'here', line1: 4 });
  assert.deepEqual(guessLine(source, { line1: 4, function: 'load' }), { kind: 'here', line1: 4 });
  assert.deepEqual(guessLine(source, { line1: 4 }), { kind: 'here', line1: 4 });
  assert.equal(guessLine(source, { line1: 2, function: 'load' }).line1, 3);
});

test('without a revision, finds the call where it is now, behind the function it was made from', () => {
  const found = guessLine(source, { line1: 5, function: 'reload', callee: 'decode' });
  assert.deepEqual([found.kind, found.line1], ['near', 9]);
  const innermost = guessLine(source, { line1: 400, function: 'reload' });
  assert.deepEqual([innermost.kind, innermost.line1], ['near', 7]);
});

test('without a revision, says what could not be found', () => {
  const gone = guessLine(source, { line1: 5, function: 'vanished', callee: 'nothing' });
  assert.deepEqual([gone.kind, gone.line1], ['unsure', 5]);
  assert.match('why' in gone ? gone.why : '', /nothing stands nowhere in the file/);
  for (const text of [source, `${source}\n`]) {
    const short = guessLine(text, { line1: 99 });
    assert.deepEqual(short, { kind: 'unsure', line1: 10, why: 'the file has only 10 lines now' });
  }
  const blank = guessLine(source, { line1: 2 });
  assert.deepEqual(blank, { kind: 'unsure', line1: 2, why: 'nothing stands on the line now' });
  const above = guessLine(source, { line1: 6, function: 'load' });
  assert.deepEqual([above.kind, above.line1], ['near', 3]);
});
