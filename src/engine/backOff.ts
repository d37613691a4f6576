/** How long to wait before a process that keeps crashing is started again. */

const firstMs = 500;
const longestMs = 30_000;
/** A process that ran this long was healthy: its crash counts as the first. */
const healthyMs = 60_000;

/**
 * The first crash costs no wait; the second half a second, each further one twice as much, up to half a minute, with
 * jitter so that the windows of one user do not start their engines in step.
 */
export class BackOff {
  readonly #now: () => number;
  readonly #random: () => number;
  #crashes = 0;
  #notBeforeMs = 0;

  constructor(now: () => number, random: () => number) {
    this.#now = now;
    this.#random = random;
  }

  /** Milliseconds from now until the next start. */
  get waitMs(): number {
    return Math.max(0, this.#notBeforeMs - this.#now());
  }

  crashed(ranMs: number): void {
    this.#crashes = ranMs >= healthyMs ? 1 : this.#crashes + 1;
    const fullMs = this.#crashes < 2 ? 0 : Math.min(longestMs, firstMs * 2 ** (this.#crashes - 2));
    this.#notBeforeMs = this.#now() + fullMs * (0.5 + this.#random() / 2);
  }
}
