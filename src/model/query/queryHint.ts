/** What a query that found nothing may be wrong about, though it is a query. */

import { taskStatuses } from '../task.ts';
import type { Query, QueryExpression } from './query.ts';

/**
 * A status that no task ever has. It is no mistake of the grammar: records may have a field of that name.
 * @returns a sentence
 */
export function queryHint({ where }: Query): string | undefined {
  const wrong = where && statusIn(where);
  if (wrong === undefined) return undefined;
  const known = `${taskStatuses.slice(0, -1).join(', ')} or ${taskStatuses.at(-1) ?? ''}`;
  return `No task is ever status:${wrong}; it is ${known}.`;
}

function statusIn(term: QueryExpression): string | undefined {
  switch (term.kind) {
    case 'and':
    case 'or': {
      for (const each of term.terms) {
        const found = statusIn(each);
        if (found !== undefined) return found;
      }
      return undefined;
    }
    case 'field': {
      if (term.field !== 'status' || term.comparison.kind !== 'equals') return undefined;
      const { value } = term.comparison;
      return (taskStatuses as readonly string[]).includes(value) ? undefined : value;
    }
    default:
      return undefined;
  }
}
