/** A row of a tree as plain data: what it shows, what a command on it means, and what is below it. */

import type { FoldedTask } from '../../model/task.ts';
import type { Frame, Trace } from '../../stacktrace/trace.ts';

export interface NodeIcon {
  /** A product icon's name. */
  readonly id: string;
  /** A theme colour's id. */
  readonly color?: string;
}

/** What a command that is run on a row acts on. */
export type NodeTarget =
  | { readonly kind: 'environment'; readonly environment: string }
  | { readonly kind: 'coordinator'; readonly environment: string; readonly url: string }
  | { readonly kind: 'task'; readonly environment: string; readonly task: FoldedTask }
  | { readonly kind: 'attempt'; readonly environment: string; readonly task: FoldedTask; readonly worker?: string }
  | { readonly kind: 'record'; readonly environment: string; readonly task: FoldedTask; readonly record: number }
  | { readonly kind: 'error'; readonly environment: string; readonly task: FoldedTask; readonly group?: string }
  | {
      readonly kind: 'frame';
      readonly environment: string;
      readonly task: FoldedTask;
      readonly frame: Frame;
      /** The trace that it is of: its other frames help to find the file. */
      readonly trace: Trace;
      /** Of the build that failed. */
      readonly commit?: string;
    }
  | { readonly kind: 'moreLive'; readonly environment: string }
  | { readonly kind: 'moreHistory'; readonly environment: string }
  | { readonly kind: 'moreRecords'; readonly environment: string; readonly task: string }
  | { readonly kind: 'note' };

export interface ViewNode {
  /** Unique in its tree, and the same from refresh to refresh: expansion and selection hang on it. */
  readonly id: string;
  readonly label: string;
  readonly description?: string;
  /** What the icon or the row's place says to the eye, for those who hear the row; label and description stand before it. */
  readonly spoken?: string;
  /** Plain text, never markdown. */
  readonly tooltip?: string;
  readonly icon?: NodeIcon;
  /** `contextValue`, for `when` clauses of menus: words divided by dots. */
  readonly context: string;
  readonly expand: 'none' | 'collapsed' | 'expanded';
  readonly target: NodeTarget;
  /** A click runs this command with the row as its argument. */
  readonly click?: { readonly command: string; readonly title: string };
  /** `lazy`: asked for when the row is opened, and again whenever its face or `revision` changes. */
  readonly children: readonly ViewNode[] | 'lazy';
  readonly revision?: string;
}
