/**
 * Has indexes of one process keep to one memory limit: before one is asked, the others give up their engines, and as much of what they keep
 * as has no room beside it, the least recently asked first. One that is being asked gives up nothing until it has answered.
 */

import { leastEnginesMb } from './memoryShares.ts';

export interface MemoryTenant {
  /** What its tasks take. */
  tasksMb(): number;
  isBusy(): boolean;
  giveUpEngine(): void;
  giveUpTasks(): void;
}

export class SharedMemory {
  /** The least recently asked first. */
  readonly #tenants = new Set<MemoryTenant>();

  /** @param neededMb for the tenant's tasks. */
  claim(tenant: MemoryTenant, neededMb: number, limitMb: number): void {
    this.leave(tenant);
    this.#tenants.add(tenant);
    const idle = [...this.#tenants].filter((other) => other !== tenant && !other.isBusy());
    for (const other of idle) other.giveUpEngine();
    for (const other of idle) {
      if (neededMb + this.othersMb(tenant) + leastEnginesMb <= limitMb) return;
      other.giveUpTasks();
    }
  }

  /** What the tasks of the others take. */
  othersMb(tenant: MemoryTenant): number {
    let sum = 0;
    for (const other of this.#tenants) if (other !== tenant) sum += other.tasksMb();
    return sum;
  }

  leave(tenant: MemoryTenant): void {
    this.#tenants.delete(tenant);
  }
}
