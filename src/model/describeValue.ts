/** Names a value that was refused, for people. */

/** Shortened; text that holds `@` after a scheme may hold a password and is not repeated. */
export function describeValue(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'object') return 'an object';
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (typeof value !== 'string') return `a ${typeof value}`;
  if (value.trim() === '') return 'empty text';
  if (/:\/\/[^/]*@/.test(value)) return 'a URL with a user name';
  return JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}…` : value);
}

export function hasControlCharacter(text: string): boolean {
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code < 0x20 || code === 0x7f) return true;
  }
  return false;
}
