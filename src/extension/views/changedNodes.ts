/** Finds the fewest rows of a tree that must be drawn again, so that a refresh neither flickers nor collapses. */

import type { ViewNode } from './viewNode.ts';

export type TreeChange =
  | { readonly kind: 'none' }
  /** The roots themselves came, went or moved. */
  | { readonly kind: 'roots' }
  /** These rows, each with what is below it. */
  | { readonly kind: 'nodes'; readonly ids: readonly string[] };

export function changedNodes(before: readonly ViewNode[], after: readonly ViewNode[]): TreeChange {
  if (!sameIds(before, after)) return { kind: 'roots' };
  const ids: string[] = [];
  collect(before, after, ids);
  return ids.length === 0 ? { kind: 'none' } : { kind: 'nodes', ids };
}

/** Both lists have the same ids in the same order. */
function collect(before: readonly ViewNode[], after: readonly ViewNode[], ids: string[]): void {
  for (const [position, now] of after.entries()) {
    const then = before[position];
    if (then === undefined || !sameFace(then, now)) {
      ids.push(now.id);
    } else if (then.children === 'lazy' || now.children === 'lazy') {
      if (then.children !== now.children) ids.push(now.id);
    } else if (sameIds(then.children, now.children)) {
      collect(then.children, now.children, ids);
    } else {
      ids.push(now.id);
    }
  }
}

function sameIds(a: readonly ViewNode[], b: readonly ViewNode[]): boolean {
  return a.length === b.length && a.every((node, position) => node.id === b[position]?.id);
}

function sameFace(a: ViewNode, b: ViewNode): boolean {
  return (
    a.label === b.label &&
    a.description === b.description &&
    a.spoken === b.spoken &&
    a.tooltip === b.tooltip &&
    a.icon?.id === b.icon?.id &&
    a.icon?.color === b.icon?.color &&
    a.context === b.context &&
    a.expand === b.expand &&
    a.revision === b.revision &&
    a.click?.command === b.click?.command
  );
}
