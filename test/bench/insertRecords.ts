/** The generated log files in ClickHouse: typed columns, a bloom filter on the task, text indexes on message and stack. */

import { join } from 'node:path';
import type { ClickHouseClient } from '@clickhouse/client';
import { sqlText } from '../../src/index/sqlText.ts';

/** Makes the table `records` of the log files in a folder. @returns how long the INSERT took, in ms. */
export async function insertRecords(client: ClickHouseClient, folder: string): Promise<number> {
  const names = 'level event account collection source coordinator worker thread'
    .split(' ')
    .map((name) => `${name} LowCardinality(String)`)
    .join(', ');
  const read = `ts DateTime64(3, 'UTC'), ${names}, task String, attempt UInt32, message String, key String, bytes UInt64,
    docs UInt64, error Tuple(type String, message String, stack String), build JSON, http JSON`;
  await client.command({
    query: `CREATE TABLE records (ts DateTime64(3, 'UTC'), ${names}, task String, attempt UInt32, message String,
        key String, bytes UInt64, docs UInt64, error_type LowCardinality(String), error_message String, stack String,
        build JSON, http JSON,
        INDEX task_bloom task TYPE bloom_filter GRANULARITY 1,
        INDEX message_text message TYPE text(tokenizer = 'splitByNonAlpha'),
        INDEX stack_text stack TYPE text(tokenizer = 'splitByNonAlpha')
      ) ENGINE = MergeTree ORDER BY (account, collection, ts)`,
    clickhouse_settings: { allow_experimental_full_text_index: 1 },
  });
  const start = performance.now();
  await client.command({
    query: `INSERT INTO records SELECT * EXCEPT (error, build, http), error.type AS error_type,
        error.message AS error_message, error.stack AS stack, build, http
      FROM (SELECT ts, level, event, account, collection, source, coordinator, worker, thread, task, attempt, message,
        key, bytes, docs, error, build, http FROM file(${sqlText(join(folder, '**', '*.ndjson.gz'))}, 'JSONEachRow', ${sqlText(read)}))`,
    clickhouse_settings: { date_time_input_format: 'best_effort' },
  });
  return performance.now() - start;
}
