/** Names of JVM methods as their authors wrote them: Java's, Kotlin's, Scala's, Groovy's and Clojure's compilers make others. */

/** The method that lambdas, constructors and coroutines stand for: `lambda$read$0` is a lambda in `read`. */
export function readableJvmName(module: string, name: string): string | undefined {
  if (name === '<init>') return `new ${simpleClass(module)}`;
  if (name === '<clinit>') return `static ${simpleClass(module)}`;
  if (name.includes('$')) {
    const lambda = /^(?:lambda\$|\$anonfun\$)([A-Za-z_]\w*)\$\d+(?:\$adapted)?$/.exec(name);
    return lambda?.[1] === undefined ? scalaOperator(name) : `${lambda[1]} (lambda)`;
  }
  return module.includes('$') ? nameOfGeneratedClass(module, name) : undefined;
}

/** Classes that compilers make of functions say which one in their own name. */
function nameOfGeneratedClass(module: string, name: string): string | undefined {
  switch (name) {
    case 'invokeSuspend':
      // Kotlin: the function, then what it holds, each with a number.
      return /\$([a-z_]\w*)\$\d+(?=\$|$)/.exec(module)?.[1];
    case 'apply': {
      const anonymous = /\$\$anonfun\$(\w+)\$\d+$/.exec(module)?.[1];
      return anonymous === undefined ? undefined : `${anonymous} (lambda)`;
    }
    case 'doCall': {
      const closure = /\$_(\w+?)_(?:closure|lambda)\d+(?=\$|$)/.exec(module)?.[1];
      return closure === undefined ? undefined : `${closure} (closure)`;
    }
    case 'invoke':
    case 'invokeStatic':
    case 'doInvoke': {
      // Clojure: `acme.ingest$read_row`, `acme.ingest$load$fn__1234`.
      const [, own, inner] = /^[a-z][\w.]*\$([a-z]\w*)(\$fn__\d+)?$/.exec(module) ?? [];
      return own === undefined ? undefined : `${own.replaceAll('_', '-')}${inner === undefined ? '' : ' (fn)'}`;
    }
    default:
      return undefined;
  }
}

/** How Scala writes the signs in a name for the JVM. */
const signs: Readonly<Record<string, string>> = {
  plus: '+',
  minus: '-',
  times: '*',
  div: '/',
  eq: '=',
  less: '<',
  greater: '>',
  colon: ':',
  bang: '!',
  amp: '&',
  bar: '|',
  up: '^',
  tilde: '~',
  qmark: '?',
  percent: '%',
  at: '@',
  hash: '#',
  bslash: '\\',
};

function scalaOperator(name: string): string | undefined {
  if (!/^(?:\$[a-z]+)+$/.test(name)) return undefined;
  const parts = name
    .slice(1)
    .split('$')
    .map((part) => signs[part]);
  return parts.includes(undefined) ? undefined : parts.join('');
}

function simpleClass(module: string): string {
  return module.slice(module.lastIndexOf('.') + 1).replaceAll('$', '.');
}
