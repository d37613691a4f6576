/** Writes a value as a term of the query grammar (docs/query.md), quoted where it needs to be. */

const plainValue = /^[A-Za-z_][\w-]*(?:\.[\w-]+)*$/;

export function filterTerm(field: string, value: string): string {
  if (plainValue.test(value)) return `${field}:${value}`;
  return `${field}:${quoted(value)}`;
}

/** A phrase of the query grammar. */
export function quoted(text: string): string {
  return `"${text.replace(/[\\"\n\r\t]/g, (char) => escapes[char] ?? char)}"`;
}

const escapes: Readonly<Record<string, string>> = { '\\': '\\\\', '"': '\\"', '\n': '\\n', '\r': '\\r', '\t': '\\t' };
