/** Which files of Python are the team's own. */

/** The standard library, installed packages, and code that is in no file. */
const foreign =
  /^<|[/\\](?:site-packages|dist-packages|lib-dynload)[/\\]|[/\\]lib(?:64)?[/\\](?:python|pypy)\d[\d.]*[/\\]|[/\\]Python\d+[/\\]Lib[/\\]|\.zip[/\\]/i;

export function isInAppPython(file: string): boolean {
  return !foreign.test(file);
}
