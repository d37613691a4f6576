/** Writes a query back as text: equal in meaning, with relative times made absolute, so that it can be shared. */

import { assertNever } from '../assertNever.ts';
import { fieldAliases, isDirective, unitOfField } from './fields.ts';
import type { Comparison, Query, QueryExpression } from './query.ts';

/** `parseQuery` of the result gives the same query (but for `text`), provided that the query came from it. */
export function formatQuery(query: Query): string {
  const { sinceMs, untilMs } = query.time;
  const terms = !query.where ? [] : query.where.kind === 'and' ? query.where.terms : [query.where];
  return [
    ...terms.map(formatTerm),
    ...(sinceMs === undefined ? [] : [`since:${formatTime(sinceMs)}`]),
    ...(untilMs === undefined ? [] : [`until:${formatTime(untilMs)}`]),
    ...(query.atMs === undefined ? [] : [`at:${formatTime(query.atMs)}`]),
    ...(query.sort ? [`sort:${query.sort.field}-${query.sort.descending ? 'desc' : 'asc'}`] : []),
    ...(query.limit === undefined ? [] : [`limit:${query.limit}`]),
  ].join(' ');
}

/** One term, to be joined to others with a space: `account:acme`, `-(a or b)`. */
function formatTerm(term: QueryExpression): string {
  switch (term.kind) {
    case 'and':
      return `(${term.terms.map(formatTerm).join(' ')})`;
    case 'or':
      return `(${term.terms.map(formatAlternative).join(' or ')})`;
    case 'not':
      return term.term.kind === 'not' ? `-(${formatTerm(term.term)})` : `-${formatTerm(term.term)}`;
    case 'field':
      return term.comparison.kind === 'has'
        ? `has:${formatField(term.field)}`
        : `${formatField(term.field)}:${formatComparison(term.comparison, term.field)}`;
    case 'text':
      return quote(term.text);
    case 'is':
      return `is:${term.flag}`;
    default:
      return assertNever(term);
  }
}

/** `a b or c` needs no parentheses around `a b`. */
function formatAlternative(term: QueryExpression): string {
  return term.kind === 'and' ? term.terms.map(formatTerm).join(' ') : formatTerm(term);
}

/** A field's name, in quotes where the grammar would read it otherwise. */
export function formatField(field: string): string {
  const plain = /^[A-Za-z_][\w.-]*$/.test(field) && !isDirective(field) && !Object.hasOwn(fieldAliases, field);
  return plain ? field : quote(field);
}

function formatComparison(comparison: Comparison, field: string): string {
  switch (comparison.kind) {
    case 'has':
      return '*';
    case 'equals':
      return /^(?:[A-Za-z_][\w/-]*|\d+)$/.test(comparison.value) ? comparison.value : quote(comparison.value);
    case 'like':
      return comparison.pattern;
    case 'range': {
      const { min, max, minInclusive, maxInclusive } = comparison;
      const isTime = comparison.unit === 'time' || unitOfField(field) === 'time';
      const format = isTime ? formatTime : String;
      if (min !== undefined && max !== undefined) return `${format(min)}..${format(max)}`;
      if (min !== undefined) return `${minInclusive ? '>=' : '>'}${format(min)}`;
      return max === undefined ? '*' : `${maxInclusive ? '<=' : '<'}${format(max)}`;
    }
    default:
      return assertNever(comparison);
  }
}

function formatTime(ms: number): string {
  return new Date(ms).toISOString();
}

/** The text in quotes, as a query reads it back. */
export function quote(text: string): string {
  const escaped = text
    .replaceAll('\\', '\\\\')
    .replaceAll('"', '\\"')
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r')
    .replaceAll('\t', '\\t');
  return `"${escaped}"`;
}
