/** Names of .NET methods as their authors wrote them: compilers make others of async methods, lambdas and accessors. */

import { isWordPart, lastOf } from './characters.ts';

/**
 * The method that the compiler's own stand for: `Loader.<ReadAsync>d__5.MoveNext` is `ReadAsync`, `<Main>g__Parse|0_1`
 * is `Main.Parse`, `<>c.<Main>b__0_1` is `Main (lambda)`, `get_Rows` is `Rows`.
 */
export function readableDotnetName(module: string, name: string): string | undefined {
  if (name === '.ctor') return `new ${simpleType(module)}`;
  if (name === '.cctor') return `static ${simpleType(module)}`;
  if (name === 'MoveNext') {
    return stateMachineOf(module) ?? /\+<(\w+)>c__Iterator\w*$/.exec(module)?.[1];
  }
  if (name.startsWith('<')) {
    // `<Main>$`: statements outside of classes.
    const local = /^<(?:<(\w+)>\$|(\w+))>g__(\w+)\|/.exec(name);
    if (local) return `${local[1] ?? local[2]}.${local[3]}`;
    const within = /^<(?:<(\w+)>\$|(\w+))>(b__)?/.exec(name);
    if (!within) return undefined;
    return `${within[1] ?? within[2]}${within[3] === undefined ? '' : ' (lambda)'}`;
  }
  if (name.startsWith('get_') || name.startsWith('set_')) return name.slice(4);
  // F#: `Acme.Loader.read@12-1.Invoke`.
  const closure = name === 'Invoke' ? /(?:^|[.+])([A-Za-z_]\w*)@\d+(?:-\d+)?$/.exec(module) : null;
  if (closure) return `${closure[1]} (closure)`;
  return name.includes('[') ? name.slice(0, name.indexOf('[')) : undefined;
}

/** What ends the name of an async method's or an iterator's class: `>d__5`, with type arguments. */
const machineEnd = />d(?:__\d+)?(?:`\d+)?(?:\[.*)?$/;

/** `<ReadAsync>d__5` is `ReadAsync`, `<<Main>b__0>d` (a lambda in it) `Main`. */
function stateMachineOf(module: string): string | undefined {
  const end = module.search(machineEnd);
  if (end === -1) return undefined;
  const own = wordBefore(module, end);
  if (own !== undefined) return own;
  const outer = lastOf(module, 62, 0, end);
  const isWithin = module.startsWith('b__', outer + 1) || module.startsWith('g__', outer + 1);
  const method = outer === -1 || !isWithin ? undefined : wordBefore(module, outer);
  return method !== undefined && module.charCodeAt(outer - method.length - 2) === 60 ? method : undefined;
}

/** The word between a `<` and `end`. */
function wordBefore(text: string, end: number): string | undefined {
  let start = end;
  while (start > 0 && isWordPart(text.charCodeAt(start - 1))) start--;
  return start < end && text.charCodeAt(start - 1) === 60 ? text.slice(start, end) : undefined;
}

function simpleType(module: string): string {
  return module
    .slice(module.lastIndexOf('.') + 1)
    .replace(/`\d+.*$/, '')
    .replaceAll('+', '.');
}
