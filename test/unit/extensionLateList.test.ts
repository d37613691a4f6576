/** What keys mean in a list that is drawn late, with the order of events that VS Code's window was seen to have. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LateList } from '../../src/extension/commands/lateList.ts';
import { seededRandom } from '../rigs/seededRandom.ts';

/** A window a while away: what is sent to it, and what it sends, arrives when it is told to, each in order. */
class Window {
  readonly list = new LateList<string>((a, b) => a === b);
  readonly #toWindow: (() => void)[] = [];
  readonly #toList: (() => void)[] = [];
  items: readonly string[] = [];
  /** The text of the list that is shown, which what is typed runs ahead of. */
  listText = '';
  text = '';
  active = -1;
  accepted: string | undefined;

  /** As the picker does. */
  change(text: string, items: readonly string[]): void {
    if (!this.list.change(text, items)) return;
    this.list.sent();
    const at = this.list.chosenAt;
    this.#toWindow.push(() => {
      Object.assign(this, { items, listText: text });
      this.#activate(0);
      if (at !== 0) this.#activate(at);
    });
  }

  type(text: string, itemsOf: (text: string) => readonly string[]): void {
    this.text = text;
    // It narrows the list to the text and begins anew in it.
    this.#activate(-1, 0);
    this.#toList.push(() => this.change(text, itemsOf(text)));
  }

  press(key: 'down' | 'up' | 'enter'): void {
    if (key === 'enter') this.#toList.push(() => (this.accepted = this.list.chosen));
    else this.#activate((this.active + (key === 'down' ? 1 : this.items.length - 1)) % this.items.length);
  }

  arriveAtWindow(): boolean {
    return arrive(this.#toWindow);
  }

  arriveAtList(): boolean {
    return arrive(this.#toList);
  }

  /** Until nothing is on its way. */
  settle(): void {
    while (this.arriveAtWindow() || this.arriveAtList());
  }

  #activate(...places: readonly number[]): void {
    for (const at of places) {
      this.active = at;
      this.#toList.push(() => {
        if (!this.list.moved(at)) return;
        const to = this.list.chosenAt;
        this.#toWindow.push(() => this.#activate(to));
      });
    }
  }
}

function arrive(queue: (() => void)[]): boolean {
  const next = queue.shift();
  next?.();
  return next !== undefined;
}

function shown(text: string, items: readonly string[]): Window {
  const window = new Window();
  window.change(text, items);
  window.settle();
  window.text = text;
  return window;
}

test('a list that says the same is not drawn again', () => {
  const list = new LateList<string>((a, b) => a === b);
  assert.ok(list.change('w', ['w', 'worker:']));
  assert.ok(!list.change('w', ['w', 'worker:']));
  assert.ok(list.change('wo', ['w', 'worker:']), 'its items stand for another text');
  assert.ok(list.change('wo', ['wo', 'worker:']));
});

test('an arrow key that crosses a late list on its way moves to what was under it', () => {
  const window = shown('w', ['w', 'worker:', 'workload:']);
  window.press('down');
  window.press('down');
  window.change('w', ['w', 'waits:', 'worker:', 'workload:']);
  window.settle();
  assert.equal(window.list.chosen, 'workload:');
  assert.equal(window.items[window.active], 'workload:');
});

test('Enter takes what the arrow key went to, also where the late list moved it away for a moment', () => {
  const window = shown('w', ['w', 'worker:']);
  window.press('down');
  window.change('w', ['w', 'waits:', 'worker:']);
  window.arriveAtWindow();
  assert.equal(window.items[window.active], 'w');
  window.press('enter');
  window.settle();
  assert.equal(window.accepted, 'worker:');
});

test('an item of an older text is not taken for the text that is typed', () => {
  const window = shown('w', ['w', 'worker:']);
  window.type('worker:', (text) => [text, 'w-1', 'w-2']);
  window.arriveAtList();
  window.press('down');
  window.press('enter');
  window.settle();
  assert.equal(window.accepted, 'worker:');
});

test('an arrow key counts after texts that were typed faster than their lists were drawn', () => {
  const itemsOf = (text: string) => [text, 'worker:', 'workload:'];
  const window = shown('w', itemsOf('w'));
  for (const text of ['wo', 'wor', 'work']) window.type(text, itemsOf);
  while (window.arriveAtList());
  while (window.arriveAtWindow());
  window.press('down');
  window.press('enter');
  window.settle();
  assert.equal(window.accepted, 'worker:');
});

test('lists that were told before one was sent are drawn as one', () => {
  const list = new LateList<string>((a, b) => a === b);
  list.change('w', ['w']);
  list.sent();
  list.change('w', ['w', 'worker:']);
  list.change('w', ['w', 'waits:', 'worker:']);
  list.sent();
  assert.ok(!list.moved(0));
  list.moved(1);
  assert.equal(list.chosen, 'waits:');
});

test('a list of which nothing is told is drawn once nothing can be on its way', () => {
  const list = new LateList<string>((a, b) => a === b);
  list.change('w', ['w']);
  list.change('wo', ['wo', 'worker:']);
  list.sent();
  list.moved(1);
  assert.equal(list.chosen, 'wo');
  list.drawn();
  list.moved(1);
  assert.equal(list.chosen, 'worker:');
});

test('a key crosses two late lists on its way', () => {
  const window = shown('w', ['w', 'worker:']);
  window.change('w', ['w', 'waits:', 'worker:']);
  window.change('w', ['w', 'waits:', 'words:', 'worker:']);
  window.press('down');
  window.settle();
  assert.deepEqual([window.list.chosen, window.items[window.active]], ['worker:', 'worker:']);

  const list = new LateList<string>((a, b) => a === b);
  for (const items of [['w', 'worker:'], ['w', 'waits:', 'worker:'], ['w']]) {
    list.change('w', [...items, 'words:']);
    list.sent();
  }
  list.moved(2);
  assert.ok(!list.moved(0), 'its place was told while another list was there');
  assert.ok(list.moved(0));
  assert.equal(list.chosen, 'words:');
});

test('what the window was told and makes active later than a key counts less than a key after it', () => {
  const window = shown('w', ['w', 'worker:', 'workload:']);
  window.press('down');
  window.settle();
  window.change('w', ['w', 'waits:', 'worker:', 'workload:']);
  window.press('down');
  window.settle();
  assert.equal(window.list.chosen, 'workload:');
  window.press('up');
  window.settle();
  assert.deepEqual([window.list.chosen, window.items[window.active]], ['worker:', 'worker:']);
});

test('where the window was long away, what it shows then counts', () => {
  const window = shown('w', ['w', 'worker:', 'workload:']);
  window.press('down');
  window.settle();
  window.change('w', ['w', 'waits:', 'worker:', 'workload:']);
  window.press('down');
  while (window.arriveAtList());
  window.list.drawn();
  window.settle();
  assert.equal(window.list.chosen, window.items[window.active]);
});

test('what is chosen and gone from a late list is chosen no more', () => {
  const window = shown('w', ['w', 'worker:']);
  window.press('down');
  window.settle();
  window.change('w', ['w', 'waits:']);
  window.settle();
  assert.equal(window.list.chosen, 'w');
});

test('whatever crosses on its way, Enter takes what was meant', () => {
  const itemsOf = (text: string) => [text, ...['a', 'b', 'c', 'd'].map((end) => `${text}${end}`)];
  const taken = { moved: 0, typed: 0 };
  for (let seed = 0; seed < 3000; seed++) {
    const random = seededRandom(seed);
    const window = shown('w', itemsOf('w'));
    let meant = 'w';
    let isLate = false;
    for (let step = 0; step < 12; step++) {
      const chance = random();
      if (chance < 0.3) window.arriveAtWindow();
      else if (chance < 0.6) window.arriveAtList();
      else if (chance < 0.7) {
        isLate = false;
        // Of lists of several texts on their way, the first that is drawn is taken for the last.
        window.settle();
        window.type(`${window.text}x`, itemsOf);
        meant = window.text;
      } else if (chance < 0.8 && !isLate && window.list.items[0] === window.text) {
        // After that the window's own place is lost for a moment: nobody moves on from there.
        isLate = true;
        const [first, ...others] = itemsOf(window.text);
        window.change(window.text, [first ?? '', `${window.text}new`, ...others]);
      } else if (!isLate || window.items.length === 5) {
        window.press(random() < 0.7 ? 'down' : 'up');
        // An arrow key up to the first item looks as a new list does.
        if (window.active === 0) window.settle();
        meant = window.listText === window.text ? (window.items[window.active] ?? '') : window.text;
      }
    }
    window.press('enter');
    window.settle();
    assert.equal(window.accepted, meant, `seed ${seed}`);
    assert.equal(window.items[window.active], meant, `shown with seed ${seed}`);
    taken[meant === window.text ? 'typed' : 'moved']++;
  }
  assert.ok(taken.moved > 500 && taken.typed > 500, JSON.stringify(taken));
});
