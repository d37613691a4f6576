/** Text of logs, files and other machines made plain: nothing in it can move a cursor, change colours or reorder. */

// Escape sequences, 7-bit and 8-bit: CSI; OSC, DCS and their like up to their end, where they have one; two-character ones.
const sequences =
  // oxlint-disable-next-line no-control-regex -- the control characters are what is looked for
  /(?:\u001b\[|\u009b)[0-?]*[ -/]*[@-~]|(?:\u001b[\]PX^_]|[\u009d\u0090\u0098\u009e\u009f])[^\u0007\u001b\u009c]*(?:\u0007|\u001b\\|\u009c)|\u001b[ -/]*[0-Z\\^_`-~]/g;
// C0 and C1 controls but tab and newline, and the marks that reorder text on the screen.
// oxlint-disable-next-line no-control-regex -- as above
const unseen = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/g;

/** Several lines: only `\n` ends one. */
export function plainBlock(text: string): string {
  return text
    .replace(sequences, '')
    .replace(/\r\n?|\u2028|\u2029/g, '\n')
    .replace(unseen, '');
}

/** One line, of at most `maxLength` characters. */
export function plainLine(text: string, maxLength = Number.POSITIVE_INFINITY): string {
  // Cut first: the text may be megabytes long.
  const line = plainBlock(text.slice(0, maxLength * 4))
    .replace(/\s+/g, ' ')
    .trim();
  if (line.length <= maxLength) return line;
  const cut = line.slice(0, maxLength - 1);
  // Half a surrogate pair is no character.
  return `${/[\uD800-\uDBFF]$/.test(cut) ? cut.slice(0, -1) : cut}…`;
}

/** JSON of the same value that a terminal cannot obey either: C1 controls and reordering marks are written as escapes. */
export function plainJson(value: object): string {
  return JSON.stringify(value).replace(
    unseen,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
