/** The paths that frames print, of any system and bundler, brought to one form with `/`. */

/** `webpack://name/./src/a.ts`, `webpack-internal:///./src/a.ts`, `app:///src/a.ts`, `https://host/src/a.ts`. */
const scheme = /^([a-z][\w+.-]+):\/\/([^/\\]*)[/\\]?/i;

/**
 * A path with `/` only, without `.`, `..` and empty components. `file:` URLs were decoded when the frame was read; of
 * other URLs the path is kept. Windows drives stay, in upper case: `C:/app/a.ts`.
 */
export function normalisePath(path: string): string {
  const isUrl = scheme.exec(path);
  const text = (isUrl ? path.slice(isUrl[0].length) : path).replace(/\\/g, '/');
  const isAbsolute = !isUrl && text.startsWith('/');
  const kept: string[] = [];
  for (const component of text.split('/')) {
    if (component === '' || component === '.') continue;
    if (component === '..') {
      if (kept.length > 0 && kept.at(-1) !== '..') kept.pop();
      else if (!isAbsolute) kept.push(component);
    } else kept.push(component);
  }
  const first = kept[0];
  if (first !== undefined && /^[a-z]:$/.test(first)) kept[0] = first.toUpperCase();
  return `${isAbsolute ? '/' : ''}${kept.join('/')}`;
}

/** The components of a normalised path, without a drive, `..` or an empty root. */
export function pathComponents(path: string): string[] {
  return path
    .split('/')
    .filter((component) => component !== '' && component !== '..' && !/^[A-Za-z]:$/.test(component));
}

export function isAbsolutePath(path: string): boolean {
  return path.startsWith('/') || /^[A-Za-z]:\//.test(path);
}
