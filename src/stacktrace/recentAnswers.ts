/** Keeps the answers to the questions asked last, so that none is asked twice in a row. */

export class RecentAnswers<T> {
  readonly #most: number;
  readonly #kept = new Map<string, Promise<T>>();

  /** @param most that are kept */
  constructor(most: number) {
    this.#most = most;
  }

  /** Concurrent questions of one key share an answer; a failure is asked again. @throws what `ask` rejects with */
  of(key: string, ask: () => Promise<T>): Promise<T> {
    const known = this.#kept.get(key);
    this.#kept.delete(key);
    const answer = known ?? ask();
    this.#kept.set(key, answer);
    if (!known) answer.catch(() => this.forget(key));
    const oldest = this.#kept.keys().next();
    if (this.#kept.size > this.#most && !oldest.done) this.#kept.delete(oldest.value);
    return answer;
  }

  forget(key: string): void {
    this.#kept.delete(key);
  }
}
