/** What an answer about records says of a query that asks about tasks. */

import { taskOnlyTerms } from '../model/query/matchTask.ts';
import type { Query } from '../model/query/query.ts';

/** That no record meets the query by itself, and for which of its terms; `undefined` where some may. */
export function aboutTasksOnly(query: Query): string | undefined {
  const terms = taskOnlyTerms(query);
  return terms.length === 0 ? undefined : `${terms.join(' ')} asks about tasks: no record meets it by itself`;
}
