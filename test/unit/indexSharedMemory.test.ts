import assert from 'node:assert/strict';
import { test } from 'node:test';
import { leastEnginesMb } from '../../src/index/memoryShares.ts';
import { type MemoryTenant, SharedMemory } from '../../src/index/sharedMemory.ts';

class Tenant implements MemoryTenant {
  ownMb: number;
  isAsked = false;
  hasEngine = true;

  constructor(tasksMb: number) {
    this.ownMb = tasksMb;
  }

  tasksMb(): number {
    return this.ownMb;
  }

  isBusy(): boolean {
    return this.isAsked;
  }

  giveUpEngine(): void {
    this.hasEngine = false;
  }

  giveUpTasks(): void {
    this.ownMb = 0;
  }
}

test('the least recently asked give up their tasks, no more than is wanted; all that are idle their engines', () => {
  const memory = new SharedMemory();
  const [a, b, c] = [new Tenant(10), new Tenant(20), new Tenant(30)];
  const limitMb = leastEnginesMb + 60;
  for (const each of [a, b, c]) memory.claim(each, each.tasksMb(), limitMb);
  assert.deepEqual([a.ownMb, b.ownMb, c.ownMb], [10, 20, 30]);
  assert.deepEqual([a.hasEngine, b.hasEngine, c.hasEngine], [false, false, true]);
  memory.claim(a, 10, limitMb);
  const d = new Tenant(0);
  memory.claim(d, 5, limitMb);
  // Of a, which was asked last, there is no need.
  assert.deepEqual([a.ownMb, b.ownMb, c.ownMb], [10, 0, 30]);
  assert.equal(memory.othersMb(d), 40);
  memory.leave(c);
  assert.equal(memory.othersMb(d), 10);
});

test('one that is being asked gives up nothing', () => {
  const memory = new SharedMemory();
  const [a, b, c] = [new Tenant(50), new Tenant(20), new Tenant(0)];
  a.isAsked = true;
  const limitMb = leastEnginesMb + 70;
  for (const each of [a, b, c]) memory.claim(each, each.tasksMb(), limitMb);
  memory.claim(c, 40, limitMb);
  assert.deepEqual([a.ownMb, a.hasEngine, b.ownMb, b.hasEngine], [50, true, 0, false]);
});
