/** One path of a field list, from how many records hold a value of each type there. */

import { type FieldInfo, type FieldType, fieldTypes, type FieldValue } from './answers.ts';

export interface FieldCounts {
  readonly path: string;
  /** Records that hold a string, number or boolean there, or a canonical field's own value. */
  readonly any: number;
  readonly types: Readonly<Partial<Record<FieldType, number>>>;
}

export function fieldInfo({ path, any, types }: FieldCounts, examples: readonly FieldValue[]): FieldInfo {
  const present = fieldTypes
    .filter((type) => (types[type] ?? 0) > 0)
    .sort((a, b) => (types[b] ?? 0) - (types[a] ?? 0) || fieldTypes.indexOf(a) - fieldTypes.indexOf(b));
  return {
    path,
    types: present,
    typeCounts: Object.fromEntries(present.map((type) => [type, types[type] ?? 0])),
    count: any > 0 ? any : (types.object ?? 0),
    examples,
  };
}
