/** `sql`: one SELECT over the tables of an index. */

import { BackendError } from '../../backends/backendError.ts';
import type { SqlCell } from '../../model/overview/answers.ts';
import { countText } from '../../model/readableNumbers.ts';
import { asking, judge } from '../asking.ts';
import type { Call, CallContext } from '../call.ts';
import type { ExitCode } from '../exitCode.ts';
import type { OptionValues } from '../options.ts';
import { type Column, printTable } from '../table.ts';
import { indexOptions } from '../whereToAsk.ts';
import { WrongUse } from '../wrongUse.ts';
import { largestLimit } from '../readQuery.ts';

const defaultRows = 10_000;

export const sqlCall: Call = {
  words: ['sql'],
  usage: "'SELECT …' [--limit N] --index URL",
  summary: 'read-only SQL over the tables of an index: records and tasks',
  details: [
    'One SELECT in the dialect of DuckDB; nothing else, and no files. DESCRIBE records tells the columns.',
    'With --json: one object per row.',
    "Example: ingest-trace sql 'SELECT worker, count(*) FROM tasks GROUP BY ALL ORDER BY 2 DESC' --env production",
  ].join('\n'),
  options: {
    limit: { type: 'text', value: 'N', help: `rows at most (${defaultRows})` },
    ...indexOptions,
  },
  run: runSql,
};

async function runSql(values: OptionValues, context: CallContext): Promise<ExitCode> {
  const limit = values.integer('limit', { min: 1, max: largestLimit }) ?? defaultRows;
  const text = values.positionals.join(' ');
  if (text.trim() === '') throw new WrongUse("Expected a statement: 'SELECT …'.");
  const { terminal } = context;
  return asking(values, context, async ({ environment, connection, ask }) => {
    if (environment.index === undefined) {
      throw new WrongUse('Expected an index: --index URL, or an environment that has one.');
    }
    const { columns, rows, hasMore, from } = await asked(() => connection.overview.sql(text, { ...ask, limit }));
    const names = distinctNames(columns.map(({ name }) => name));
    if (terminal.json) {
      for (const row of rows) await terminal.printJson(Object.fromEntries(names.map((name, at) => [name, row[at]])));
    } else {
      const shown = columns.map(
        ({ name, type }, at): Column<readonly SqlCell[]> => ({
          title: name,
          value: (row) => cellText(row[at] ?? null),
          right: /INT|DOUBLE|FLOAT|DECIMAL/.test(type) && !type.includes('('),
        }),
      );
      await printTable(terminal, shown, rows);
      await terminal.printText(terminal.style('dim', countText(rows.length, 'row')));
    }
    if (hasMore)
      terminal.tell(`There are more than these ${countText(rows.length, 'row')}: narrow it, or raise --limit.`);
    return judge(terminal, from);
  });
}

/** A statement that is refused is wrong use, as a query with a mistake is. */
async function asked<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof BackendError && error.code === 'statement')
      throw new WrongUse(error.message, { cause: error });
    throw error;
  }
}

/** SQL allows columns of one name, JSON does not: `count`, `count_2`. */
function distinctNames(names: readonly string[]): string[] {
  const taken = new Set<string>();
  return names.map((name) => {
    let own = name;
    for (let number = 2; taken.has(own); number++) own = `${name}_${number}`;
    taken.add(own);
    return own;
  });
}

function cellText(cell: SqlCell): string {
  if (cell === null) return '';
  return typeof cell === 'object' ? JSON.stringify(cell) : String(cell);
}
