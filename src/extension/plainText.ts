/** Makes text that came from logs, files or other machines fit to be shown: it may never act as markup, link or icon. */

// oxlint-disable-next-line no-control-regex -- the control characters are what is looked for
const ansi = /\u001b(?:\[[0-9;:?<=>]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[@-Z\\-_])/g;
// C0 and C1 controls but tab and newline, soft breaks, and the marks that reorder text on the screen.
// oxlint-disable-next-line no-control-regex -- as above
const unseen = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/g;

/** Several lines: only `\n` ends a line, and what a terminal or a text layout would obey is gone. */
export function plainBlock(text: string): string {
  return text
    .replace(ansi, '')
    .replace(/\r\n?|\u2028|\u2029/g, '\n')
    .replace(unseen, '');
}

/** One line of at most `maxLength` characters, for labels and tooltips. */
export function plainLine(text: string, maxLength = 200): string {
  // Cut first: the text may be megabytes long.
  const line = plainBlock(text.slice(0, maxLength * 4))
    .replace(/\s+/g, ' ')
    .trim();
  return line.length > maxLength ? `${line.slice(0, maxLength - 1)}…` : line;
}

/** One line where `$(name)` would be drawn as an icon: status bar, quick picks, code lenses. */
export function iconFree(text: string, maxLength = 200): string {
  return plainLine(text, maxLength).replace(/\$\(/g, '$ (');
}

/** One line for a notification, where `[text](command:…)` would become a link. */
export function linkFree(text: string, maxLength = 400): string {
  return iconFree(text, maxLength).replace(/\]\(/g, '] (');
}
