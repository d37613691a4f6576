/** Names of .NET methods as their authors wrote them: compilers make others of async methods, lambdas and accessors. */

/**
 * The method that the compiler's own stand for: `Loader.<ReadAsync>d__5.MoveNext` is `ReadAsync`, `<Main>g__Parse|0_1`
 * is `Main.Parse`, `<>c.<Main>b__0_1` is `Main (lambda)`, `get_Rows` is `Rows`.
 */
export function readableDotnetName(module: string, name: string): string | undefined {
  if (name === '.ctor') return `new ${simpleType(module)}`;
  if (name === '.cctor') return `static ${simpleType(module)}`;
  if (name === 'MoveNext') {
    const inner = /<+(?:<(\w+)>[bg]__[^>]*|(\w+))>d(?:__\d+)?(?:`\d+)?(?:\[.*)?$|\+<(\w+)>c__Iterator\w*$/.exec(module);
    return inner?.[1] ?? inner?.[2] ?? inner?.[3];
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

function simpleType(module: string): string {
  return module
    .slice(module.lastIndexOf('.') + 1)
    .replace(/`\d+.*$/, '')
    .replaceAll('+', '.');
}
