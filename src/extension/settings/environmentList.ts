/** Puts the environments of all sources together, and says what of them cannot be used. */

import type { Environment, EnvironmentProblem } from '../../model/environment.ts';

/** Where an environment came from; the first source that names it wins. */
export interface EnvironmentSource {
  /** For people: `settings`, `ingest-trace.json in orders`. */
  readonly from: string;
  readonly environments: readonly Environment[];
  readonly problems: readonly EnvironmentProblem[];
}

export interface EnvironmentList {
  readonly environments: readonly Environment[];
  readonly problems: readonly string[];
}

export function mergeEnvironments(sources: readonly EnvironmentSource[]): EnvironmentList {
  const byName = new Map<string, { readonly environment: Environment; readonly from: string }>();
  const problems: string[] = [];
  for (const { from, environments, problems: refused } of sources) {
    problems.push(...refused.map(({ path, message }) => `${path} in ${from}: ${message}`));
    for (const environment of environments) {
      const first = byName.get(environment.name);
      if (first) {
        problems.push(
          `The environment ${JSON.stringify(environment.name)} of ${from} is not used: ${first.from} name one like it first. Rename one.`,
        );
      } else {
        byName.set(environment.name, { environment, from });
      }
    }
  }
  return { environments: [...byName.values()].map(({ environment }) => environment), problems };
}
