/** What may stand at the cursor of a query that is being written: fields, values, flags, orders and times. */

import type { FieldValue } from '../overview/answers.ts';
import { foldedFieldNames } from '../overview/foldedFields.ts';
import { recordFieldNames } from '../overview/recordFields.ts';
import { taskStatuses } from '../task.ts';
import { type Directive, fieldAliases, type FieldUnit, isDirective, unitOfField } from './fields.ts';
import { formatField, quote } from './formatQuery.ts';
import { isFlags, sortFields } from './query.ts';
import { queryCursor } from './queryCursor.ts';

export interface QueryVocabulary {
  /** JSON paths besides the canonical fields, most frequent first. */
  readonly fields: readonly string[];
  /** Values of a field as far as they are known, most frequent first. */
  readonly valuesOf: (field: string) => readonly { readonly value: FieldValue; readonly count?: number }[];
}

export interface QueryCompletion {
  readonly kind: 'field' | 'value' | 'flag' | 'order' | 'time' | 'directive';
  /** What is shown. */
  readonly label: string;
  /** Replaces the text from `start` to `end`, UTF-16 offsets. */
  readonly insert: string;
  readonly start: number;
  readonly end: number;
  readonly detail?: string;
}

/** At most so many, best first. */
const maxCompletions = 100;

/**
 * Pure: look up what `queryCursor` says is asked for (values of a field, or fields), then call this. What was typed is
 * found at the start, else within; upper or lower case. Never throws.
 */
export function completeQuery(text: string, offset: number, vocabulary: QueryVocabulary): QueryCompletion[] {
  const cursor = queryCursor(text, offset);
  switch (cursor.kind) {
    case 'none':
      return [];
    case 'word': {
      const { start, end } = cursor;
      return best(cursor.typed, [...fieldOffers(vocabulary, ':'), ...directiveOffers]).map((offer) => ({
        ...offer,
        start,
        end,
      }));
    }
    case 'value': {
      const { start, end, typed, field, isQuotedField } = cursor;
      const operator = /^[<>]=?/.exec(typed)?.[0] ?? '';
      return best(typed.slice(operator.length), valueOffers(field, isQuotedField, vocabulary)).map((offer) => ({
        ...offer,
        insert: operator + offer.insert,
        start,
        end,
      }));
    }
  }
}

type Offer = Omit<QueryCompletion, 'start' | 'end'>;

/** In the order that people reach for them. */
const firstFields = [
  'status',
  'account',
  'collection',
  'worker',
  'task',
  'source',
  'coordinator',
  'error.type',
  'group',
];

function fieldOffers({ fields }: QueryVocabulary, after: ':' | ''): Offer[] {
  const canonical = [...firstFields, ...foldedFieldNames, ...recordFieldNames];
  const known = new Set<string>(canonical);
  const offers: Offer[] = [...known].map((field) => ({ kind: 'field', label: field, insert: field + after }));
  for (const field of new Set(fields)) {
    if (known.has(field)) continue;
    offers.push({ kind: 'field', label: field, insert: formatField(field) + after });
  }
  return offers;
}

const details: Readonly<Record<Directive, string>> = {
  since: 'at or after a time',
  until: 'before a time',
  at: 'tasks in flight at a moment',
  is: isFlags.join(', '),
  has: 'the field has a value',
  sort: 'the order of the answer',
  limit: 'rows at most',
};

const directiveOffers: readonly Offer[] = (Object.keys(details) as Directive[]).map((name) => ({
  kind: 'directive',
  label: `${name}:`,
  insert: `${name}:`,
  // The keys are those of the record that `name` comes from.
  detail: details[name],
}));

const ago: readonly (readonly [text: string, detail: string])[] = [
  ['15m', '15 minutes ago'],
  ['1h', 'an hour ago'],
  ['2h', '2 hours ago'],
  ['24h', '24 hours ago'],
  ['7d', '7 days ago'],
  ['30d', '30 days ago'],
];
const timeOffers: readonly Offer[] = ago.map(([text, detail]) => ({ kind: 'time', label: text, insert: text, detail }));
const durationOffers: readonly Offer[] = ['500ms', '10s', '1m', '15m', '1h'].map((text) => ({
  kind: 'time',
  label: text,
  insert: text,
}));

function valueOffers(written: string, isQuoted: boolean, vocabulary: QueryVocabulary): readonly Offer[] {
  if (!isQuoted && isDirective(written)) return directiveValues(written, vocabulary);
  const field = isQuoted
    ? written
    : Object.hasOwn(fieldAliases, written)
      ? (fieldAliases[written] ?? written)
      : written;
  const unit = unitOfField(field);
  if (unit === 'time') return timeOffers;
  if (unit === 'duration') return durationOffers;
  const known = vocabulary.valuesOf(field).map(({ value, count }): Offer => {
    const detail = count === undefined ? {} : { detail: count.toLocaleString('en-US') };
    return { kind: 'value', label: String(value), insert: formatValue(value, unit), ...detail };
  });
  if (field !== 'status') return known;
  const others = taskStatuses.filter((status) => !known.some(({ label }) => label === status));
  return [...known, ...others.map((status): Offer => ({ kind: 'value', label: status, insert: status }))];
}

function directiveValues(directive: Directive, vocabulary: QueryVocabulary): readonly Offer[] {
  switch (directive) {
    case 'is':
      return isFlags.map((flag) => ({ kind: 'flag', label: flag, insert: flag }));
    case 'sort':
      return sortFields.flatMap((field) => [
        { kind: 'order', label: field, insert: field, detail: 'greatest first' },
        { kind: 'order', label: `${field}-asc`, insert: `${field}-asc`, detail: 'least first' },
      ]);
    case 'has':
      return fieldOffers(vocabulary, '');
    case 'limit':
      return ['10', '100', '1000'].map((text) => ({ kind: 'value', label: text, insert: text }));
    case 'since':
    case 'until':
    case 'at':
      return [...timeOffers, { kind: 'time', label: 'now', insert: 'now' }];
  }
}

/** The value as a term equal to it: quoted where the grammar would read it otherwise. */
function formatValue(value: FieldValue, unit: FieldUnit): string {
  const text = String(value);
  // A bare text may be read as a size there.
  const isPlain = typeof value !== 'string' || (unit !== 'size' && /^[A-Za-z_0-9][\w./:@+-]*$/.test(text));
  return isPlain && !text.includes('..') ? text : quote(text);
}

/** Those that start with what was typed, then those that hold it, each in their order. */
function best(typed: string, offers: readonly Offer[]): Offer[] {
  const wanted = typed.toLowerCase();
  const starting = offers.filter(({ label }) => label.toLowerCase().startsWith(wanted));
  if (wanted === '') return starting.slice(0, maxCompletions);
  const holding = offers.filter(({ label }) => label.toLowerCase().indexOf(wanted) > 0);
  return [...starting, ...holding].slice(0, maxCompletions);
}
