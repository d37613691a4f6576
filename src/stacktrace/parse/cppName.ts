/** Names of C++ functions as one would write them: without arguments, template arguments and the compiler's mangling. */

import { tableOf } from './characters.ts';

/**
 * `acme::Loader<int>::read(std::vector<int> const&, int)` is `acme::Loader::read`, `_ZN4acme4loadEi` is `acme::load`.
 * Linear; `undefined` where nothing readable is left.
 * @param text where the name stands from `start` to `end`
 */
export function readableCppName(text: string, start: number, end: number): string | undefined {
  if (text.charCodeAt(start) !== 95 || !text.startsWith('_Z', start)) return readableName(text, start, end);
  const name = unmangled(text.slice(start, end));
  return name === undefined ? undefined : readableName(name, 0, name.length);
}

/** clang's `run()::$_0::operator()`, GCC's `run()::{lambda(int)#1}::operator()` and `run()::<lambda(int)>`. */
const lambdaMark = /(?:\$_\d+|\{lambda\(|<lambda\()/y;

function isLambdaMark(text: string, start: number, at: number): boolean {
  if (at - 2 <= start || text.charCodeAt(at - 1) !== 58 || text.charCodeAt(at - 2) !== 58) return false;
  lambdaMark.lastIndex = at;
  return lambdaMark.test(text);
}

function count(text: string, character: string): number {
  return text.split(character).length - 1;
}

/** Leaves out what stands in parentheses and angle brackets; `operator<` and the like keep theirs. */
function readableName(text: string, start: number, end: number): string | undefined {
  let plain = '';
  let depth = 0;
  /** Where the stretch starts that is outside of all brackets. */
  let from = start;
  let mayBeLambda = true;
  let hasBlank = false;
  for (let at = start; at < end; at++) {
    const unit = text.charCodeAt(at);
    if (unit > 127 || marks[unit] === 0) continue;
    if (unit === 32) {
      hasBlank ||= depth === 0;
      continue;
    }
    const operator = depth === 0 ? operatorBefore(text, at) : -1;
    const afterOperator = operator >= start ? operatorEnd(text, operator) : -1;
    // Names that only end in the word have arguments behind it: `apply_operator(int)`.
    if (afterOperator > at) {
      at = afterOperator - 1;
      continue;
    }
    if (mayBeLambda && (unit === 36 || unit === 60 || unit === 123) && isLambdaMark(text, start, at)) {
      const within = text.slice(start, at - 2);
      // A lambda is in the function before its mark, unless that is a template's argument.
      if (count(within, '<') === count(within, '>')) return lambdaIn(within);
      mayBeLambda = false;
    }
    if (unit === 36) continue;
    if (depth === 0) plain += text.slice(from, at);
    if (depth === 0 && unit === 40) {
      const namespace = anonymousEnd(text, at);
      from = namespace === -1 ? parenthesisEnd(text, at, end) : namespace;
      // Behind arguments only the name of what is within a function counts.
      if (namespace === -1 && !hasQualifier(text, from, end)) return hasBlank ? withoutType(plain) : plain || undefined;
      at = from - 1;
      continue;
    }
    from = at + 1;
    if (unit === 60 || unit === 40 || unit === 123) depth++;
    else depth = Math.max(0, depth - 1);
  }
  if (depth === 0 && from < end) plain += text.slice(from, end);
  // To look at a string that was joined costs more than all of the above.
  return hasBlank ? withoutType(plain) : plain || undefined;
}

/** Where what follows `(anonymous namespace)::` starts; -1 where that does not stand. */
function anonymousEnd(text: string, at: number): number {
  if (text.charCodeAt(at + 1) !== 97 || !text.startsWith(anonymous, at)) return -1;
  const close = at + anonymous.length;
  return text.startsWith('::', close) ? close + 2 : close;
}

/** Where what follows the parenthesis starts that opens at `open`. */
function parenthesisEnd(text: string, open: number, end: number): number {
  let depth = 0;
  for (let at = open; at < end; at++) {
    const unit = text.charCodeAt(at);
    if (unit === 40) depth++;
    else if (unit === 41 && --depth === 0) return at + 1;
  }
  return end;
}

function lambdaIn(name: string): string | undefined {
  const outer = readableCppName(name, 0, name.length);
  return outer === undefined ? undefined : `${outer} (lambda)`;
}

function hasQualifier(text: string, from: number, to: number): boolean {
  for (let at = from; at + 1 < to; at++) {
    if (text.charCodeAt(at) === 58 && text.charCodeAt(at + 1) === 58) return true;
  }
  return false;
}

/** Without `const` and what the compiler says of a clone at the end, and a template's return type before it. */
function withoutType(name: string): string | undefined {
  const text = name
    .replace(/ \[clone .*$/, '')
    .replace(/\bconst$/, '')
    .trim();
  // `void acme::run<int>(int)`
  const isWhole = !text.includes(' ') || /^operator\b|::operator\b/.test(text);
  return (isWhole ? text : text.slice(text.lastIndexOf(' ') + 1)) || undefined;
}

/** Brackets, what lambdas start with, and blanks. */
const marks = tableOf('<>(){}$ ');
const anonymous = '(anonymous namespace)';
const operator = /operator(?:\(\)|\[\]|->\*?|<=>|<<=?|>>=?|[<>]=?|[^\w\s(<]{1,3})/y;

/** Where the word stands that makes a bracket part of a name: `operator<`, `operator->`; -1 when it does not. */
function operatorBefore(text: string, bracket: number): number {
  const before = text.charCodeAt(bracket - 1);
  const start = before === 114 ? bracket - 8 : before === 45 ? bracket - 9 : -1;
  return start >= 0 && text.charCodeAt(start) === 111 && text.startsWith('operator', start) ? start : -1;
}

/** Where the name of an operator, or of something that starts alike, goes on as other names do. */
function operatorEnd(name: string, at: number): number {
  operator.lastIndex = at;
  return operator.test(name) ? operator.lastIndex : at + 'operator'.length;
}

/** The names in a mangled one (Itanium ABI): lengths and names, one after the other; what they are made with is skipped. */
function unmangled(name: string): string | undefined {
  const parts: string[] = [];
  let at = 2;
  const isNested = name[at] === 'N';
  if (isNested) at++;
  while (at < name.length) {
    const unit = name.charCodeAt(at);
    if (unit >= 48 && unit <= 57) {
      const digits = /\d{1,4}/y;
      digits.lastIndex = at;
      const length = Number(digits.exec(name)?.[0] ?? 0);
      const from = digits.lastIndex;
      if (length === 0 || from + length > name.length) return undefined;
      const part = name.slice(from, from + length);
      if (!part.startsWith('_GLOBAL__N')) parts.push(part);
      at = from + length;
      if (!isNested) break;
    } else if (unit === 73) {
      const end = argumentsEnd(name, at);
      if (end === -1) break;
      at = end;
    } else if (name.startsWith('St', at)) {
      parts.push('std');
      at += 2;
    } else if (unit === 75 || unit === 86 || unit === 82 || unit === 79 || unit === 76) at++;
    else if (
      name.startsWith('C1', at) ||
      name.startsWith('C2', at) ||
      name.startsWith('D1', at) ||
      name.startsWith('D2', at)
    ) {
      const owner = parts.at(-1) ?? '';
      parts.push(unit === 68 ? `~${owner}` : owner);
      at += 2;
    } else break;
  }
  return parts.length === 0 ? undefined : parts.join('::');
}

/** Where the template arguments that open at `at` end. */
function argumentsEnd(name: string, open: number): number {
  let depth = 0;
  for (let at = open; at < name.length; ) {
    const unit = name.charCodeAt(at);
    if (unit >= 48 && unit <= 57) {
      const digits = /\d{1,4}/y;
      digits.lastIndex = at;
      const length = Number(digits.exec(name)?.[0] ?? 0);
      at = digits.lastIndex + length;
      continue;
    }
    if (unit === 73 || unit === 78 || unit === 88 || unit === 74 || unit === 76) depth++;
    else if (unit === 69 && --depth === 0) return at + 1;
    // A substitution's name may hold the same letters.
    at += unit === 83 ? 2 : 1;
  }
  return -1;
}
