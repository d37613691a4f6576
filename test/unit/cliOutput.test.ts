/** What the command prints for people: plain, aligned, and harmless on a terminal. */

import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { test } from 'node:test';
import { bytesText, countText, durationText, timeText } from '../../src/model/readableNumbers.ts';
import { plainBlock, plainJson, plainLine } from '../../src/model/plainText.ts';
import { recordColumns } from '../../src/cli/recordTable.ts';
import { QueryRefused } from '../../src/cli/readQuery.ts';
import { type Column, printTable } from '../../src/cli/table.ts';
import { type OutputStream, Terminal } from '../../src/cli/terminal.ts';

class Screen extends Writable {
  text = '';
  readonly isTTY: boolean;
  readonly columns: number | undefined;
  readonly #colours: boolean;

  constructor(options: { readonly columns?: number; readonly colours?: boolean } = {}) {
    super();
    this.isTTY = options.columns !== undefined;
    this.columns = options.columns;
    this.#colours = options.colours ?? false;
  }

  hasColors(): boolean {
    return this.#colours;
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

function terminalOn(stdout: Screen, stderr = new Screen()): Terminal {
  return new Terminal({ stdout: stdout as OutputStream, stderr: stderr as OutputStream, json: false });
}

const columns: readonly Column<{ id: string; n: number; text: string }>[] = [
  { title: 'ID', value: ({ id }) => id, style: () => 'red' },
  { title: 'NONE', value: () => '' },
  { title: 'N', value: ({ n }) => String(n), right: true },
  { title: 'TEXT', value: ({ text }) => text },
];
const rows = [
  { id: 'a', n: 1, text: 'short' },
  { id: 'bcd', n: 200, text: 'a text that is rather long for the screen' },
];

test('columns are aligned, empty ones left out, and nothing is cut in a file', async () => {
  const screen = new Screen();
  await printTable(terminalOn(screen), columns, rows);
  assert.equal(
    screen.text,
    ['ID     N  TEXT', 'a      1  short', 'bcd  200  a text that is rather long for the screen', ''].join('\n'),
  );
});

test('names give way on a narrow terminal, the widest first, and keep their ends', async () => {
  const named: readonly Column<{ task: string; worker: string; of: string; error: string }>[] = [
    { title: 'TASK', value: ({ task }) => task },
    { title: 'WORKER', value: ({ worker }) => worker, shrinks: true },
    { title: 'OF', value: ({ of }) => of, shrinks: true },
    { title: 'ERROR', value: ({ error }) => error },
  ];
  const row = { task: 't-1234567890', worker: 'ingest-worker-prod-017', of: 'acme/orders', error: 'x'.repeat(60) };
  const wide = new Screen({ columns: 120 });
  await printTable(terminalOn(wide), named, [row]);
  assert.ok(wide.text.includes(`${row.task}  ${row.worker}  ${row.of}  ${row.error}\n`));
  const narrow = new Screen({ columns: 70 });
  await printTable(terminalOn(narrow), named, [row]);
  const [, line = ''] = narrow.text.split('\n');
  assert.equal(line, `t-1234567890  ingest-w…prod-017  acme/orders  ${'x'.repeat(24)}`.replace(/x$/, '…'));
  assert.equal(line.length, 70);
});

test('the last column is cut where the terminal ends', async () => {
  const screen = new Screen({ columns: 30 });
  await printTable(terminalOn(screen), columns, rows);
  for (const line of screen.text.split('\n')) assert.ok(line.length <= 30, line);
  assert.match(screen.text, /a text that is rath…\n/);
});

test('there is colour on a terminal that has colours, and nowhere else', async () => {
  const [colourful, plain, file] = [
    new Screen({ columns: 80, colours: true }),
    new Screen({ columns: 80 }),
    new Screen(),
  ];
  for (const screen of [colourful, plain, file]) await printTable(terminalOn(screen), columns, rows);
  assert.ok(colourful.text.includes('\u001b[31m'));
  assert.ok(!plain.text.includes('\u001b'));
  assert.ok(!file.text.includes('\u001b'));
});

test('a log cannot colour, clear, retitle, link or reorder', async () => {
  const hostile =
    'a\u001b[31mb\u001b[2J\u001b]0;title\u0007c\u001b]8;;http://x\u0007d\u009b1me\u202ef\rg\u0000h\u0008i';
  const screen = new Screen({ columns: 200, colours: false });
  await printTable(terminalOn(screen), columns, [{ id: hostile, n: 1, text: `${hostile}\n${hostile}` }]);
  // oxlint-disable-next-line no-control-regex -- the control characters are what is looked for
  assert.doesNotMatch(screen.text, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
  assert.equal(screen.text.trimEnd().split('\n').length, 2);
});

test('a sequence that never ends hides nothing of what follows', () => {
  assert.equal(plainBlock('before \u001b]8;;after'), 'before ]8;;after');
  assert.equal(plainBlock('\u009b31mred \u009d0;title\u009cend'), 'red end');
});

test('a line is cut between characters', () => {
  assert.equal(plainLine('ab\u{1F600}c', 4), 'ab…');
  assert.equal(plainLine('abcd', 4), 'abcd');
});

test('JSON is of the same value, and no terminal obeys it', () => {
  const value = { message: 'a\u009b2J\u202eb\u001b[2J\u2066' };
  const json = plainJson(value);
  assert.match(json, /^[ -~]*$/);
  assert.deepEqual(JSON.parse(json), value);
});

test('one absurdly wide cell does not widen every row', async () => {
  const screen = new Screen();
  await printTable(terminalOn(screen), columns, [{ id: 'x'.repeat(100_000), n: 1, text: 'end' }, ...rows]);
  assert.ok(screen.text.split('\n').every((line) => line.length < 300));
  assert.match(screen.text, /…/);
});

test('what a message and its error both say is told once', () => {
  const text = (message: string, error: { type?: string; message?: string }): string =>
    recordColumns.find(({ title }) => title === 'MESSAGE')?.value({ tsMs: 0, event: 'log', message, error }) ?? '';
  assert.equal(text('it is gone', { type: 'Missing', message: 'it is gone' }), 'Missing: it is gone');
  assert.equal(
    text('given up: it is gone', { type: 'Missing', message: 'it is gone' }),
    'given up: it is gone (Missing)',
  );
  assert.equal(text('Missing: it is gone!', { type: 'Missing', message: 'it is gone' }), 'Missing: it is gone!');
  assert.equal(text('given up', { type: 'Missing', message: 'it is gone' }), 'given up – Missing: it is gone');
  assert.equal(text('given up', {}), 'given up');
});

test('plain text keeps what people need', () => {
  assert.equal(plainBlock('Grüße\tfrom\r\n東京 🚀\n'), 'Grüße\tfrom\n東京 🚀\n');
  assert.equal(plainLine('  a\n\tb  '), 'a b');
});

test('progress is shown where a person watches only, and gives way to the next line', () => {
  const watched = new Screen({ columns: 80 });
  const piped = new Screen();
  for (const stderr of [watched, piped]) {
    const terminal = terminalOn(new Screen(), stderr);
    terminal.progress('1 of 2 objects');
    terminal.tell('done');
  }
  assert.equal(watched.text, '\r\u001b[K1 of 2 objects\r\u001b[Kdone\n');
  assert.equal(piped.text, 'done\n');
});

test('a mistake in a query is pointed at', () => {
  const query = 'status:failed since:yesterdayish';
  const refused = new QueryRefused(query, { column: 21, message: 'expected a time' });
  assert.equal(refused.pointed(), `  ${query}\n  ${' '.repeat(20)}^ expected a time`);
});

test('a mistake in a later line of a query is pointed at in that line', () => {
  const refused = new QueryRefused('a:1\n\t🚀 b:\nc', { column: 11, message: 'expected a value' });
  assert.equal(refused.pointed(), '  \t🚀 b:\n  \t    ^ expected a value');
});

test('of a long line with a mistake only what is around it is shown, and plain', () => {
  const long = new QueryRefused('a'.repeat(20_000), { column: 10_001, message: 'expected its end' });
  const [line = '', pointer = ''] = long.pointed().split('\n');
  assert.equal(line, `  …${'a'.repeat(200)}…`);
  assert.equal(pointer, `  ${' '.repeat(101)}^ expected its end`);
  const coloured = new QueryRefused('a:\u001b[31mx (', { column: 11, message: "expected a ')'" });
  assert.equal(coloured.pointed(), "  a:x (\n       ^ expected a ')'");
});

test('durations and sizes are read at a glance', () => {
  assert.deepEqual([0, 999, 1000, 59_949, 60_000, 3_725_000, 90_000_000].map(durationText), [
    '0 ms',
    '999 ms',
    '1.0 s',
    '59 s',
    '1 min',
    '1 h 2 min',
    '1 d 1 h',
  ]);
  assert.deepEqual([0, 999, 1000, 12_345, 99_950_000, 3e12].map(bytesText), [
    '0 B',
    '999 B',
    '1.0 kB',
    '12.3 kB',
    '100 MB',
    '3.0 TB',
  ]);
});

test('tells durations in two units at most', () => {
  const cases: [number, string][] = [
    [0, '0 ms'],
    [850, '850 ms'],
    [1500, '1.5 s'],
    [12_000, '12 s'],
    [60_000, '1 min'],
    [185_000, '3 min 5 s'],
    [7_440_000, '2 h 4 min'],
    [180_000_000, '2 d 2 h'],
    [86_400_000 + 5000, '1 d'],
    [-5, '0 ms'],
    [Number.NaN, '–'],
  ];
  for (const [ms, text] of cases) assert.equal(durationText(ms), text);
});

test('counts have a unit that agrees', () => {
  assert.equal(countText(1, 'task'), '1 task');
  assert.equal(countText(1234, 'task'), '1,234 tasks');
});

test('a time is local and says its zone', () => {
  const text = timeText(Date.UTC(2026, 10, 23, 6, 7, 1, 5));
  assert.match(text, /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d\d:\d\d$/);
  const [day, clock, zone] = text.split(' ');
  assert.equal(Date.parse(`${day}T${clock}${zone}`), Date.UTC(2026, 10, 23, 6, 7, 1));
});
