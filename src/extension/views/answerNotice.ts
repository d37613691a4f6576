/** Says in a sentence or two where an answer came from, how fresh it is, and what may be missing from it. */

import { assertNever } from '../../model/assertNever.ts';
import type { AnswerSummary, BackendName, Provenance } from '../../model/answer.ts';
import { plainLine } from '../plainText.ts';
import { countText, durationText } from '../../model/readableNumbers.ts';
import { localTime } from '../plainTime.ts';

/**
 * The line above the list, e.g. `12 of 340 tasks from live and index (complete up to 14:02:11), 38 ms. Answered from
 * the logs: …`. Notes of partial answers and fallbacks always stand in it.
 */
export function answerNotice(shown: number, summary: AnswerSummary, nowMs: number): string {
  const from = sources(summary.from, nowMs);
  const head = `${shownText(shown, summary)}${from === '' ? '' : ` from ${from}`}, ${durationText(summary.ms)}.`;
  return [head, ...notes(summary.from)].join(' ');
}

/** `12 of at least 340 tasks` */
export function shownText(shown: number, { total: counted, totalIs }: AnswerSummary): string {
  const total = totalIs === 'exact' ? counted : Math.max(counted, shown);
  const all = `${totalIs === 'atLeast' && total > 0 ? 'at least ' : ''}${countText(total, 'task')}`;
  return shown < total ? `${shown.toLocaleString('en-US')} of ${all}` : all;
}

/** What people must know of an answer: why a place was passed over, what could not be read. Each once. */
export function notes(from: readonly Provenance[]): string[] {
  const said = new Set<string>();
  for (const share of from) {
    if (share.note !== undefined && share.note !== '') said.add(sentence(plainLine(share.note, 300)));
    else if (share.partial) said.add(`Some of ${placeName(share.backend)} could not be read: tasks may be missing.`);
  }
  return [...said];
}

function sources(from: readonly Provenance[], nowMs: number): string {
  const byBackend = new Map<BackendName, Provenance[]>();
  for (const share of from) byBackend.set(share.backend, [...(byBackend.get(share.backend) ?? []), share]);
  const names = [...byBackend].map(([backend, shares]) => {
    const fresh = shares.map((share) => share.freshness).filter((ts) => ts !== undefined);
    // Live answers are as fresh as the question.
    const upTo =
      backend === 'live' || fresh.length === 0 ? '' : ` (complete up to ${localTime(Math.min(...fresh), nowMs)})`;
    return `${placeName(backend)}${upTo}`;
  });
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1) ?? ''}`;
}

function placeName(backend: BackendName): string {
  switch (backend) {
    case 'live':
      return 'the coordinators';
    case 'index':
      return 'the index';
    case 'clickhouse':
      return 'ClickHouse';
    case 'direct':
      return 'the logs';
    default:
      return assertNever(backend);
  }
}

function sentence(text: string): string {
  const capital = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?…]$/.test(capital) ? capital : `${capital}.`;
}
