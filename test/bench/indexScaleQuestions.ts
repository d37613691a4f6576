/** What the index and the ClickHouse engine are asked, and how fast an answer is wanted. */

import { facetCounts } from '../../src/index/facetCounts.ts';
import { failureGroups } from '../../src/index/failureGroups.ts';
import type { LogIndex } from '../../src/index/logIndex.ts';
import { sqlText } from '../../src/index/sqlText.ts';
import { taskHistogram } from '../../src/index/taskHistogram.ts';
import { parseQuery } from '../../src/model/query/parseQuery.ts';
import type { Query } from '../../src/model/query/query.ts';
import type { GeneratedLogs } from './generateRecords.ts';

export interface Sample extends Pick<GeneratedLogs, 'sample'> {
  /** Ran an attempt of the sample's task at that moment. */
  readonly worker: string;
  readonly atMs: number;
}

export interface Question {
  readonly name: string;
  readonly goalMs: number;
  /** Resolves with how much was found, which must be something. */
  readonly ask: (index: LogIndex) => Promise<number>;
  readonly sql: string;
  /** What ClickHouse is asked for, where it is less. */
  readonly answers: string;
}

export function questionsOf({ sample, worker, atMs }: Sample): readonly Question[] {
  const { account, collection, task, rareWord } = sample;
  const search = (text: string) => async (index: LogIndex) => (await index.search(query(text), { limit: 100 })).total;
  const folded = 'task, min(ts) AS first, max(ts) AS last, argMax(event, ts) AS event, max(attempt) AS attempts';
  const at = new Date(atMs).toISOString();
  const moment = `parseDateTime64BestEffort(${sqlText(at)}, 3, 'UTC')`;
  const tasksWith = (test: string) =>
    `SELECT ${folded} FROM records WHERE task IN (SELECT task FROM records WHERE ${test}) GROUP BY task ORDER BY last DESC LIMIT 100`;
  return [
    {
      name: 'newest 100 tasks',
      goalMs: 10,
      ask: search(''),
      sql: `SELECT ${folded} FROM records GROUP BY task ORDER BY last DESC LIMIT 100`,
      answers: 'folded tasks, no total',
    },
    {
      name: 'newest 100 failed',
      goalMs: 10,
      ask: search('status:failed'),
      sql: `SELECT task, ts FROM records WHERE event = 'task.failed' ORDER BY ts DESC LIMIT 100`,
      answers: 'ids of failures, no total',
    },
    {
      name: 'account + collection, newest 100',
      goalMs: 10,
      ask: search(`account:${account} collection:${collection}`),
      sql: `SELECT ${folded} FROM records WHERE account = ${sqlText(account)} AND collection = ${sqlText(collection)}
        GROUP BY task ORDER BY last DESC LIMIT 100`,
      answers: 'folded tasks, no total',
    },
    {
      name: 'one task with its records',
      goalMs: 10,
      ask: async (index) => (await index.task(task)).detail?.records.length ?? 0,
      sql: `SELECT * FROM records WHERE task = ${sqlText(task)} ORDER BY ts`,
      answers: 'records',
    },
    {
      name: 'worker at a moment',
      goalMs: 10,
      ask: search(`worker:${worker} at:${at}`),
      sql: `SELECT ${folded} FROM records WHERE task IN (SELECT task FROM records WHERE worker = ${sqlText(worker)}
          AND ts BETWEEN ${moment} - INTERVAL 1 DAY AND ${moment} + INTERVAL 1 DAY)
        GROUP BY task HAVING first <= ${moment} AND last >= ${moment}`,
      answers: 'folded tasks that ran within a day of it',
    },
    {
      name: 'rare word',
      goalMs: 50,
      ask: search(rareWord),
      sql: tasksWith(`hasAllTokens(message, ${sqlText(rareWord.replace('-', ' '))})`),
      answers: 'whole words of the message only',
    },
    {
      name: 'substring in a stack',
      goalMs: 50,
      ask: search('error.stack:*inflate7*'),
      sql: tasksWith(`stack LIKE '%inflate7%'`),
      answers: 'folded tasks, no total',
    },
    {
      name: 'JSON path equality',
      goalMs: 50,
      ask: search('http.status:503'),
      sql: tasksWith('http.status = 503'),
      answers: 'folded tasks, no total',
    },
    {
      name: 'facets over all time',
      goalMs: 30,
      ask: async (index) => (await facetCounts(index, query(''), 'worker', { limit: 20 })).total,
      sql: `SELECT worker, count() FROM records WHERE event = 'attempt.finished' GROUP BY worker ORDER BY 2 DESC LIMIT 20`,
      answers: 'finished attempts, not tasks by their last worker',
    },
    {
      name: 'histogram over all time',
      goalMs: 30,
      ask: async (index) => (await taskHistogram(index, query(''))).total,
      sql: `SELECT toStartOfWeek(ts) AS week, event, count() FROM records WHERE event IN ('task.succeeded', 'task.failed') GROUP BY 1, 2`,
      answers: 'ends by week, not tasks by status',
    },
    {
      name: 'failure groups over all time',
      goalMs: 30,
      ask: async (index) => (await failureGroups(index, query(''), { limit: 50 })).total,
      sql: `SELECT error_type, error_message, count(), uniqExact(task), min(ts), max(ts) FROM records
        WHERE event = 'attempt.failed' GROUP BY 1, 2 ORDER BY 3 DESC LIMIT 50`,
      answers: 'by type and message',
    },
  ];
}

export function query(text: string): Query {
  const parsed = parseQuery(text, { nowMs: Date.now() });
  if (parsed.kind === 'problem') throw new Error(parsed.problem.message);
  return parsed.query;
}
