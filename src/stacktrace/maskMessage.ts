/** Masks what differs between two messages of the same failure: addresses, ids, dates, numbers, paths, quoted values. */

/**
 * In the order in which they apply; each pattern is linear: it starts at a fixed character or boundary and repeats one
 * character class at a time. Part of the failure group's version: a change here needs a new version there.
 */
const masks: readonly (readonly [pattern: RegExp, mask: string])[] = [
  [/\b[a-z][a-z0-9+.-]{1,20}:\/\/[^\s'"`<>)\]},;]+/gi, '{url}'],
  [/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi, '{uuid}'],
  [/\b\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?(?:Z|[+-]\d{2}:?\d{2})?)?/g, '{date}'],
  [/\b\d{1,2}:\d{2}:\d{2}(?:[.,]\d{1,9})?\b/g, '{date}'],
  [/\b\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}(?::\d{1,5})?\b/g, '{ip}'],
  [/(?<![\w:])(?:[0-9a-f]{1,4}:){3,7}[0-9a-f]{0,4}(?::[0-9a-f]{1,4}){0,4}(?![\w:])/gi, '{ip}'],
  [/\b0x[0-9a-f]+\b/gi, '{hex}'],
  [/\b(?=[a-f]*\d)[0-9a-f]{8,}\b/gi, '{hex}'],
  [/\d+(?:[.,]\d+)*/g, '{number}'],
];

const word = /(?:\b[A-Za-z]:(?=[\\/]))?[^\s'"`,;:()[\]<>=]+/g;
const quoted = /(?<![\p{L}\p{N}_])(?:'[^'\n]*'|"[^"\n]*"|`[^`\n]*`)(?![\p{L}\p{N}_])/gu;

/** Longer messages carry data, not meaning. */
const maxLength = 1000;

export function maskMessage(message: string): string {
  let masked = message.slice(0, maxLength);
  for (const [pattern, mask] of masks) masked = masked.replace(pattern, mask);
  return masked
    .replace(word, (text) => (isPath(text) ? '{path}' : text))
    .replace(quoted, '{value}')
    .replace(/\s+/g, ' ')
    .trim();
}

function isPath(word: string): boolean {
  return word.length > 2 && (word.includes('/') || word.includes('\\'));
}
