/** What the grammar knows of field names: which are reserved, and the unit in which each is compared. */

/** How a field's values are written in a query. `any` holds whatever the records do. */
export type FieldUnit = 'time' | 'duration' | 'count' | 'size' | 'any';

const units: Readonly<Record<string, FieldUnit>> = {
  ts: 'time',
  firstTs: 'time',
  lastTs: 'time',
  duration: 'duration',
  attempts: 'count',
  bytes: 'size',
};

export function unitOfField(field: string): FieldUnit {
  return Object.hasOwn(units, field) ? (units[field] ?? 'any') : 'any';
}

/** Derived by folding: only a task has them, never a record by itself. */
export const taskOnlyFields: ReadonlySet<string> = new Set(['attempts', 'duration', 'firstTs', 'lastTs']);

/** Fields that a record takes from its task when it has none itself. */
export const inheritedFields = ['account', 'collection', 'source', 'coordinator', 'worker'] as const;
export type InheritedField = (typeof inheritedFields)[number];

export function isInheritedField(field: string): field is InheritedField {
  return (inheritedFields as readonly string[]).includes(field);
}

/** Other names of the same field; quoted in a query they are JSON paths. */
export const fieldAliases: Readonly<Record<string, string>> = { id: 'task', durationMs: 'duration' };

/** Names before a colon that are no fields; quoted in a query they are JSON paths. */
const directives = ['since', 'until', 'at', 'sort', 'limit', 'is', 'has'] as const;
export type Directive = (typeof directives)[number];

export function isDirective(name: string): name is Directive {
  return (directives as readonly string[]).includes(name);
}
