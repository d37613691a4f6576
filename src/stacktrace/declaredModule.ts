/** What a source file says it belongs to: the package, namespace or module that it declares, held against a frame's. */

/** `unknown` where the language or the file tells nothing. */
export type Declaration = 'same' | 'other' | 'unknown';

/** Declarations stand near the start; namespaces of .NET below their imports. */
const maxHeadLength = 64 << 10;

/**
 * @param path of the source; its ending tells the language
 * @param module the frame's: class with its package, namespace or module
 */
export function declarationIn(path: string, text: string, module: string | undefined): Declaration {
  if (module === undefined) return 'unknown';
  const head = text.slice(0, maxHeadLength);
  switch (/\.(\w+)$/.exec(path)?.[1]?.toLowerCase()) {
    case 'java':
    case 'kt':
    case 'kts':
    case 'groovy':
      return sameIf((jvmPackages(head)[0] ?? '') === packageOf(module));
    case 'scala':
      return sameIf(jvmPackages(head).join('.') === packageOf(module));
    case 'clj':
    case 'cljc':
      return inClojure(head, module);
    case 'cs':
    case 'fs':
      return inDotnet(head, module);
    case 'php':
      return inPhp(head, module);
    case 'ex':
    case 'exs':
      return inElixir(text, module);
    case 'erl':
      return inErlang(head, module);
    default:
      return 'unknown';
  }
}

function sameIf(isSame: boolean): Declaration {
  return isSame ? 'same' : 'other';
}

function packageOf(module: string): string {
  return module.slice(0, Math.max(0, module.lastIndexOf('.')));
}

/**
 * The package clauses that stand at the top: Scala may write one package on several lines. What looks like one further below
 * is text. Backquotes stand around words that are keywords.
 */
function jvmPackages(head: string): string[] {
  const names: string[] = [];
  let end: number | undefined;
  for (const { 0: clause, 1: name = '', index } of head.matchAll(
    /^[ \t]*package[ \t]+(?!object\b)([\w.`\p{L}]+)[ \t]*(?=[;{:]|\/[/*]|\r?$)/gmu,
  )) {
    const between = end === undefined ? [] : head.slice(end, index).split('\n');
    if (!between.every((line) => /^\s*(?:$|[;{:*]|\/[/*])/.test(line))) break;
    names.push(name.replaceAll('`', ''));
    end = index + clause.length;
  }
  return names;
}

function inClojure(head: string, module: string): Declaration {
  const [, name] = /\(ns\s+(?:\^\S+\s+)*([\w.*+!?<>=-]+)/.exec(head) ?? [];
  const [namespace = ''] = module.split('$');
  return name === undefined ? 'unknown' : sameIf(name.replaceAll('-', '_') === namespace);
}

/** A file may have several namespaces, and projects may add a root to theirs. */
function inDotnet(head: string, module: string): Declaration {
  const names = [...head.matchAll(/^[ \t]*(?:namespace|module)[ \t]+(?:rec[ \t]+)?([\w.]+)/gm)].map(
    ([, name = '']) => name,
  );
  if (names.length === 0) return 'unknown';
  return sameIf(
    names.some((name) => module === name || module.startsWith(`${name}.`) || module.startsWith(`${name}+`)),
  );
}

function inPhp(head: string, module: string): Declaration {
  if (module.includes('@')) return 'unknown';
  const names = [...head.matchAll(/^[ \t]*namespace[ \t]+([\w\\]+)[ \t]*[;{]/gm)].map(([, name = '']) => name);
  const namespace = module.slice(0, Math.max(0, module.lastIndexOf('\\')));
  return names.length === 0 ? sameIf(namespace === '') : sameIf(names.includes(namespace));
}

/** Modules within modules name their own part only; implementations of protocols are named by two. */
function inElixir(text: string, module: string): Declaration {
  const names = [...text.matchAll(/^[ \t]*defmodule[ \t]+([\w.]+)/gm)].map(([, name = '']) => name);
  if (names.some((name) => name === module || module.endsWith(`.${name}`))) return 'same';
  return names.length === 0 || /^[ \t]*(?:defimpl|defprotocol)\b/m.test(text) ? 'unknown' : 'other';
}

function inErlang(head: string, module: string): Declaration {
  const [, quoted, plain] = /^-module\(\s*(?:'([^'\n]{1,200})'|(\w{1,200}))\s*\)/m.exec(head) ?? [];
  const name = quoted ?? plain;
  return name === undefined ? 'unknown' : sameIf(name === module);
}
