/** Makes text that came from logs, files or other machines fit to be shown: it may never act as markup, link or icon. */

import { plainLine as plainLineOf } from '../model/plainText.ts';

/** One line of at most `maxLength` characters, for labels and tooltips. */
export function plainLine(text: string, maxLength = 200): string {
  return plainLineOf(text, maxLength);
}

/** One line where `$(name)` would be drawn as an icon: status bar, quick picks, code lenses. */
export function iconFree(text: string, maxLength = 200): string {
  return plainLine(text, maxLength).replace(/\$\(/g, '$ (');
}

/** One line for a notification, where `[text](command:…)` would become a link. */
export function linkFree(text: string, maxLength = 400): string {
  return iconFree(text, maxLength).replace(/\]\(/g, '] (');
}
