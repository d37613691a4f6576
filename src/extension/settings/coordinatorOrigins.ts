/** The origins (`https://host:port`) at which environments have coordinators, each once. */

import type { Environment } from '../../model/environment.ts';

export function coordinatorOrigins(environments: readonly Pick<Environment, 'coordinators'>[]): string[] {
  const origins = environments
    .flatMap(({ coordinators }) => coordinators)
    .filter((url) => URL.canParse(url))
    .map((url) => new URL(url).origin);
  return [...new Set(origins)];
}
