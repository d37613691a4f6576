/** The workspace files that a frame may mean by the end of its path, and how likely each is before any has been read. */

import type { PathMapping } from '../model/environment.ts';
import { pathComponents } from './framePath.ts';
import type { Frame } from './trace.ts';
import { maxCandidates, type WorkspaceFiles } from './workspaceFiles.ts';

export interface Candidate {
  readonly files: WorkspaceFiles;
  /** Relative. */
  readonly path: string;
  readonly confidence: number;
  /** How much less it is than its confidence beside others: what stands on its line is no reason to doubt an only file. */
  readonly behind?: number;
  readonly why: string;
  /** True where only the file's own declaration can make it the frame's: its folders are not those of the package. */
  readonly needsDeclaration?: boolean;
  /** True where more files than can be looked at are as much like the frame's path. */
  readonly isCrowded?: boolean;
  /** Why the frame's line may be another one of the file. */
  readonly approximate?: string;
  /** The mapping that led there, where it was learned. */
  readonly learned?: PathMapping;
}

/** True of JVM frames: a bare file name, and the class with its package. */
export function isPackagePath(frame: Frame): boolean {
  const file = frame.file ?? '/';
  return (
    frame.module !== undefined && frame.module.includes('.') && !/[/\\]|\.(?:exs?|erl|rb|php|cs|fs|vb)$/.test(file)
  );
}

/** Names that say little about which project a file belongs to. */
const commonNames =
  /^(?:src|lib|libs|app|apps|main|test|tests|packages|pkg|cmd|internal|java|kotlin|scala|python|js|dist|build|out|index\.\w+|main\.\w+|app\.\w+|(?:mod|lib|build)\.rs|utils?\.\w+|types?\.\w+|config\.\w+|server\.\w+|client\.\w+|__init__\.py|__main__\.py)$/i;
/** What stands beside the code that runs: less likely of two equal matches. */
const asides = [
  {
    pattern: /(?:^|\/)(?:tests?|__tests__|spec|specs|testdata|fixtures|examples?|samples?|mocks?)\//i,
    cost: 0.12,
    name: 'a test',
  },
  { pattern: /(?:^|\/)(?:dist|build|out|target|generated|gen|coverage)\//i, cost: 0.15, name: 'generated' },
  { pattern: /(?:^|\/)(?:vendor|vendored|third_party|node_modules|site-packages)\//i, cost: 0.2, name: 'vendored' },
];

/** The files of a frame's name, by how much of its path they share; the best first. */
export function suffixCandidates(frame: Frame, path: string, folders: readonly WorkspaceFiles[]): Candidate[] {
  const wanted = pathComponents(path);
  const packaged = isPackagePath(frame);
  const candidates: Candidate[] = [];
  for (const files of folders) {
    const matches = files.candidates(path);
    const crowd = matches.length === maxCandidates ? matches.at(-1)?.shared : undefined;
    for (const match of matches) {
      const suffix = wanted.slice(-match.shared);
      const isAll = match.shared === wanted.length;
      // Anyone may have a class of this name; only its package makes it the same.
      // Kotlin and Scala need not have its folders: then the file must declare it.
      const needsDeclaration = packaged && !isAll;
      const weight = suffix.reduce((sum, component) => sum + (commonNames.test(component) ? 0.4 : 1), 0);
      // Every project has a `src/main.rs`: that the frame names no more says nothing by itself.
      const all = weight < 1 ? 0.1 : 0.15;
      const aside = asides.find(({ pattern }) => pattern.test(match.path) && !pattern.test(path));
      const confidence = packaged
        ? needsDeclaration
          ? 0.7
          : 0.9
        : 0.3 + 0.15 * Math.min(weight, 4) + (match.whole ? 0.2 : 0) + (isAll && wanted.length > 1 ? all : 0);
      candidates.push({
        files,
        path: match.path,
        confidence: Math.max(0, Math.min(0.95, confidence) - (aside?.cost ?? 0)),
        why: [
          packaged
            ? needsDeclaration
              ? 'the file name agrees'
              : 'package and file name agree'
            : `ends in ${suffix.join('/')}`,
          ...(match.whole && !packaged ? ['its whole path'] : []),
          ...(aside ? [aside.name] : []),
        ].join(', '),
        ...(needsDeclaration && { needsDeclaration }),
        ...(match.shared === crowd && { isCrowded: true }),
      });
    }
  }
  const certain = candidates.filter(({ needsDeclaration }) => !needsDeclaration);
  return (certain.length === 0 ? candidates : certain).sort(
    (a, b) => b.confidence - a.confidence || (a.path < b.path ? -1 : 1),
  );
}
