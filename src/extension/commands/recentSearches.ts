/** The searches of this workspace, the latest first. */

export const recentAtMost = 20;

export function withSearch(recent: readonly string[], query: string): string[] {
  return [query, ...recent.filter((other) => other !== query)].slice(0, recentAtMost);
}
