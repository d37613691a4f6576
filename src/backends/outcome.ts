/** What became of asking one place: its answer, or why there is none; and how either shows in where an answer came from. */

import type { AnswerSummary, BackendName, Provenance, SearchAnswer } from '../model/answer.ts';
import { BackendError } from './backendError.ts';

interface Failure {
  readonly backend: BackendName;
  readonly url: string;
  readonly error: BackendError;
}

/** What a place answered, that there is none in this environment, or why those that there are could not. */
export type Outcome<T> =
  | { readonly kind: 'answer'; readonly answer: T }
  | { readonly kind: 'none' }
  | { readonly kind: 'failed'; readonly failures: readonly Failure[] };

/** Any answer: those that count how much they found tell in their summary where it came from. */
export type Answer = { readonly summary: AnswerSummary } | { readonly from: readonly Provenance[] };

/** Only what a backend fails with is an outcome; cancelling and mistakes of ours are passed on. */
export async function attempt<T>(backend: BackendName, url: string, ask: () => Promise<T>): Promise<Outcome<T>> {
  try {
    return { kind: 'answer', answer: await ask() };
  } catch (error) {
    if (!(error instanceof BackendError)) throw error;
    return { kind: 'failed', failures: [{ backend, url, error }] };
  }
}

/** What could not be asked leaves the answer partial. */
export function provenanceOf(outcome: Outcome<unknown>): Provenance[] {
  if (outcome.kind !== 'failed') return [];
  return outcome.failures.map(({ backend, url, error }) => {
    return { backend, url, objects: 0, bytes: 0, partial: true, note: error.message };
  });
}

export function reasonsOf(outcome: Outcome<unknown>): string {
  return outcome.kind === 'failed' ? outcome.failures.map(({ error }) => error.message).join('; ') : '';
}

export function fromOf(answer: Answer): readonly Provenance[] {
  return 'summary' in answer ? answer.summary.from : answer.from;
}

export function withFrom(answer: SearchAnswer, from: readonly Provenance[]): SearchAnswer {
  const { summary } = answer;
  const totalIs = from.some(({ partial }) => partial) ? 'atLeast' : summary.totalIs;
  return { ...answer, summary: { ...summary, totalIs, from } };
}

/** The answer with a remark on where it came from. */
export function noted<T extends Answer>(answer: T, note: string, partial = false): T {
  const from = fromOf(answer).map((each) => ({
    ...each,
    partial: each.partial || partial,
    note: each.note === undefined ? note : `${note}; ${each.note}`,
  }));
  return 'summary' in answer ? { ...answer, summary: { ...answer.summary, from } } : { ...answer, from };
}
