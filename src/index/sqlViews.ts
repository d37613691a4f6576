/** The tables that SQL sees (docs/index-format.md, "SQL"): views over the segments of one state of the index. */

import { type FoldedFieldName, foldedFieldNames } from '../model/overview/foldedFields.ts';
import { sqlText } from './sqlText.ts';
import { foldedFieldSql } from './foldedTaskSql.ts';
import { foldedColumns, statusSql } from './foldSql.ts';
import { segmentColumns } from './segmentColumns.ts';
import type { SegmentSet } from './segmentSet.ts';

export const sqlViews = ['records', 'tasks'] as const;

/** The statements that make them. */
export function createSqlViews(segments: SegmentSet): readonly string[] {
  return [`CREATE VIEW records AS ${recordsSql(segments)}`, `CREATE VIEW tasks AS ${tasksSql()}`];
}

function recordsSql({ entries, fileOf, superseded }: SegmentSet): string {
  if (entries.length === 0) {
    const none = segmentColumns.map(({ name, type }) => `NULL::${engineTypes[type]} AS "${name}"`);
    return `SELECT ${none.join(', ')} WHERE false`;
  }
  const columns = segmentColumns.map(({ name }) => `"${name}"`).join(', ');
  const files = entries.map((entry) => sqlText(fileOf(entry))).join(', ');
  const versions = superseded.map(sqlText).join(', ');
  const where = versions === '' ? '' : ` WHERE object_version NOT IN (${versions})`;
  return `SELECT ${columns} FROM read_parquet([${files}], hive_partitioning = false)${where}`;
}

const engineTypes = {
  text: 'VARCHAR',
  whole: 'BIGINT',
  time: 'TIMESTAMP WITH TIME ZONE',
  texts: 'VARCHAR[]',
} as const;

function tasksSql(): string {
  const columns = new Set(foldedFieldNames.flatMap((name) => foldedFieldSql[name].columns));
  const select = foldedFieldNames.map((name) => `${valueOf(name)} AS "${nameOf(name)}"`);
  return `
    SELECT ${select.join(', ')}
    FROM (
      SELECT *, ${statusSql} AS status
      FROM (
        SELECT r.task, ${[...foldedColumns, ...columns].join(', ')}
        FROM records r WHERE r.task IS NOT NULL GROUP BY r.task
      )
    ) f`;
}

/** As columns of records are named: no dots, units in names, times as times. */
function nameOf(name: FoldedFieldName): string {
  switch (name) {
    case 'firstTs':
      return 'first_ts';
    case 'lastTs':
      return 'last_ts';
    case 'duration':
      return 'duration_ms';
    case 'group':
      return 'failure_group';
    default:
      return name.replace('.', '_');
  }
}

function valueOf(name: FoldedFieldName): string {
  const { value } = foldedFieldSql[name];
  return name === 'firstTs' || name === 'lastTs' ? `make_timestamptz((${value})::BIGINT * 1000)` : value;
}
