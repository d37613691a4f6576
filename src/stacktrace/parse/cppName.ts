/** Names of C++ functions as one would write them: without arguments, template arguments and the compiler's mangling. */

/**
 * `acme::Loader<int>::read(std::vector<int> const&, int)` is `acme::Loader::read`, `_ZN4acme4loadEi` is `acme::load`.
 * Linear; `undefined` where nothing readable is left.
 */
export function readableCppName(name: string): string | undefined {
  const lambda = lambdaMark.exec(name);
  const within = lambda && name.slice(0, lambda.index);
  // A lambda is in the function before its mark, unless that is a template's argument.
  if (within && count(within, '<') === count(within, '>')) {
    const outer = readableCppName(within);
    return outer === undefined ? undefined : `${outer} (lambda)`;
  }
  const plain = name.startsWith('_Z') ? unmangled(name) : name;
  if (plain === undefined) return undefined;
  const text = withoutArguments(plain).trim();
  // A template's return type stands first: `void acme::run<int>(int)`.
  const own = /^operator\b|::operator\b/.test(text) ? text : text.slice(text.lastIndexOf(' ') + 1);
  return own === '' ? undefined : own;
}

/** clang's `run()::$_0::operator()`, GCC's `run()::{lambda(int)#1}::operator()` and `run()::<lambda(int)>`. */
const lambdaMark = /::(?:\$_\d+|\{lambda\(|<lambda\()/;

function count(text: string, character: string): number {
  return text.split(character).length - 1;
}

/** Leaves out what stands in parentheses and angle brackets; `operator<` and the like keep theirs. */
function withoutArguments(name: string): string {
  let plain = '';
  let depth = 0;
  for (let at = 0; at < name.length; at++) {
    const unit = name.charCodeAt(at);
    if (depth === 0 && unit === 111) {
      const operator = /operator(?:\(\)|\[\]|->\*?|<=>|<<=?|>>=?|[<>]=?|[^\w\s(<]{1,3})/y;
      operator.lastIndex = at;
      if (operator.test(name)) {
        plain += name.slice(at, operator.lastIndex);
        at = operator.lastIndex - 1;
        continue;
      }
      if (name.startsWith('operator ', at)) {
        plain += 'operator ';
        at += 'operator '.length - 1;
        continue;
      }
    }
    if (depth === 0 && name.startsWith('(anonymous namespace)', at)) {
      at += '(anonymous namespace)'.length - 1;
      // With the colons that follow.
      if (name.startsWith('::', at + 1)) at += 2;
      continue;
    }
    if (depth === 0 && unit === 40 && !name.includes('::', at)) break;
    if (unit === 60 || unit === 40 || unit === 123) depth++;
    else if (unit === 62 || unit === 41 || unit === 125) depth = Math.max(0, depth - 1);
    else if (depth === 0) plain += name[at] ?? '';
  }
  return plain.replace(/ \[clone .*$/, '').replace(/\bconst$/, '');
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
