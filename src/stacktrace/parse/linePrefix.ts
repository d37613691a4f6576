/** Tells a log's prefix (timestamp, level, container) before a line of a trace from prose that holds the same words. */

/** What loggers end their prefix with: a bracket, a bar, a dash, a level, an ISO time. */
const endOfPrefix =
  /(?:^|[\]|:>)}"'-]|\d[Zz]?|\b(?:trace|debug|info|warn|warning|error|fatal|severe|stderr|stdout|F|P|E|I|W))[ \t]*$/i;

/** Prefixes are short; the cap bounds the work on each line. */
const maxPrefix = 300;

/** True when `text` before `at` is blank, or ends as a log's prefix does, or is told apart by indentation. */
export function looksLikePrefix(text: string, at: number): boolean {
  const before = text.charCodeAt(at - 1);
  if (at === 0 || before === 9 || (before === 32 && at >= 2 && isSpace(text.charCodeAt(at - 2))))
    return at <= maxPrefix;
  return at <= maxPrefix && endOfPrefix.test(text.slice(Math.max(0, at - 12), at));
}

function isSpace(unit: number): boolean {
  return unit === 32 || unit === 9;
}

/** How many characters before `at` are a log's prefix, not indentation. */
export function marginBefore(text: string, at: number): number {
  const trimmed = text.slice(0, at).trimEnd().length;
  // One space belongs to the prefix.
  return trimmed === 0 ? 0 : Math.min(at, trimmed + 1);
}
