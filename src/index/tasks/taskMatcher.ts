/**
 * Which tasks match a query: its terms over the columns of the task table, vector by vector; what only records tell is looked for in
 * the segments by someone else, who marks the tasks here.
 */

import { assertNever } from '../../model/assertNever.ts';
import { taskOnlyFields } from '../../model/query/fields.ts';
import type { Leaf } from '../../model/query/leafTest.ts';
import type { Query, QueryExpression } from '../../model/query/query.ts';
import { taskStatuses } from '../../model/task.ts';
import { isNamedField, type TaskLeaf, taskLeaf } from './taskLeaf.ts';
import { andInto, andNotInto, countOf, invert, Masks, newMask, nextOf, orInto } from './taskMask.ts';
import { partsAt, type TableSegment, type TaskTable } from './taskTable.ts';

/** A part of a query that only records tell of: some record of a task must meet it. */
export interface RecordTerm {
  readonly term: QueryExpression;
  /** Only what stands outside the canonical columns: the columns are known to the table. */
  readonly onlyTokens: boolean;
  /** By the segment that stands for the task. */
  readonly marks: Map<TableSegment, Uint8Array>;
}

type Node =
  | { readonly kind: 'all' }
  | { readonly kind: 'leaf'; readonly leaf: TaskLeaf }
  | { readonly kind: 'records'; readonly records: RecordTerm }
  | { readonly kind: 'and' | 'or'; readonly nodes: readonly Node[] }
  | { readonly kind: 'not'; readonly node: Node };

export class TaskMatcher implements Disposable {
  readonly recordTerms: RecordTerm[] = [];
  readonly #query: Query;
  readonly #masks = new Masks();
  readonly #root: Node;

  /** @param mayHavePath whether some record may have the path outside the canonical columns. */
  constructor(query: Query, table: TaskTable, mayHavePath: (path: string) => boolean) {
    this.#query = query;
    this.#root = query.where ? this.#plan(query.where, table, mayHavePath) : { kind: 'all' };
  }

  /** Whether further marks can only add tasks: no record term is negated. */
  get isMonotone(): boolean {
    return isMonotone(this.#root, false);
  }

  /** Whether what the table knows can rule any task out. */
  get asksOfTasks(): boolean {
    const { time, atMs } = this.#query;
    const isTimed = time.sinceMs !== undefined || time.untilMs !== undefined || atMs !== undefined;
    return isTimed || !isAll(withoutRecords(this.#root));
  }

  /** False where no task of the segment matches as far as marks were made: then it need not be looked at. */
  mayMatch(segment: TableSegment): boolean {
    return mayMatch(this.#root, segment);
  }

  /** Whether everything matches. */
  get isAll(): boolean {
    const { time, atMs } = this.#query;
    return this.#root.kind === 'all' && time.sinceMs === undefined && time.untilMs === undefined && atMs === undefined;
  }

  /** Gives back the memory of all masks; they, and the matcher, are not to be used any more. */
  [Symbol.dispose](): void {
    this.#masks.release();
  }

  /** Marks the task of a segment's row. */
  mark({ marks }: RecordTerm, segment: TableSegment, row: number): void {
    const at = segment.tasks.taskOfRow(row);
    if (at === undefined) return;
    const first = segment.shared.size > 0 ? partsAt({ segment, at })[0] : undefined;
    const shown = first?.segment ?? segment;
    let mask = marks.get(shown);
    if (!mask) {
      mask = newMask(shown.tasks.count);
      marks.set(shown, mask);
    }
    mask[first?.at ?? at] = 1;
  }

  /** 1 for each task that the segment stands for and that matches, as far as marks were made. */
  match(segment: TableSegment): Uint8Array {
    return this.#masked(segment, this.#root);
  }

  /** 1 for each task that the segment stands for and that can match, whatever records tell. */
  candidates(segment: TableSegment): Uint8Array {
    return this.#masked(segment, withoutRecords(this.#root));
  }

  #masked(segment: TableSegment, root: Node): Uint8Array {
    const mask = evaluate(root, segment, this.#masks);
    const { hidden, lastMs, firstMs, status } = segment;
    if (segment.shown < mask.length) andNotInto(mask, hidden);
    const { time, atMs } = this.#query;
    const { sinceMs, untilMs } = time;
    if (sinceMs !== undefined || untilMs !== undefined) {
      const [since, until] = [sinceMs ?? Number.NEGATIVE_INFINITY, untilMs ?? Number.POSITIVE_INFINITY];
      for (let at = nextOf(mask, 0); at >= 0; at = nextOf(mask, at + 1)) {
        if ((lastMs[at] ?? 0) < since || (firstMs[at] ?? 0) >= until) mask[at] = 0;
      }
    }
    if (atMs !== undefined) {
      for (let at = nextOf(mask, 0); at >= 0; at = nextOf(mask, at + 1)) {
        const isOpen = (status[at] ?? 0) < firstEnd;
        if ((firstMs[at] ?? 0) > atMs || (!isOpen && (lastMs[at] ?? 0) < atMs)) mask[at] = 0;
      }
    }
    return mask;
  }

  #plan(term: QueryExpression, table: TaskTable, mayHavePath: (path: string) => boolean): Node {
    if (isOfRecords(term)) return this.#records(term, false);
    switch (term.kind) {
      case 'and':
      case 'or':
        return { kind: term.kind, nodes: term.terms.map((each) => this.#plan(each, table, mayHavePath)) };
      case 'not':
        return { kind: 'not', node: this.#plan(term.term, table, mayHavePath) };
      case 'field':
      case 'is':
      case 'text': {
        const leaf = taskLeaf(term, table);
        const own: Node = leaf ? { kind: 'leaf', leaf } : { kind: 'or', nodes: [] };
        // A failure group is computed, never read from what the writer said; nor is what only folding gives.
        const hasTokens =
          term.kind === 'field' && term.field !== 'group' && !taskOnlyFields.has(term.field) && mayHavePath(term.field);
        return hasTokens ? { kind: 'or', nodes: [own, this.#records(term, true)] } : own;
      }
      default:
        return assertNever(term);
    }
  }

  #records(term: QueryExpression, onlyTokens: boolean): Node {
    const records: RecordTerm = { term, onlyTokens, marks: new Map() };
    this.recordTerms.push(records);
    return { kind: 'records', records };
  }
}

/** Status numbers from here on are ends. */
const firstEnd = Math.min(taskStatuses.indexOf('succeeded'), taskStatuses.indexOf('failed'));

/** A leaf of which only the records tell, or alternatives of such. */
function isOfRecords(term: QueryExpression): boolean {
  if (term.kind === 'or') return term.terms.length > 0 && term.terms.every(isOfRecords);
  return term.kind === 'text' || (term.kind === 'field' && isRecordField(term));
}

function isRecordField({ field }: Extract<Leaf, { kind: 'field' }>): boolean {
  return field !== 'task' && field !== 'status' && !taskOnlyFields.has(field) && !isNamedField(field);
}

function evaluate(node: Node, segment: TableSegment, masks: Masks): Uint8Array {
  switch (node.kind) {
    case 'all':
      return masks.take(segment.tasks.count).fill(1);
    case 'records': {
      const mask = masks.take(segment.tasks.count);
      const marks = node.records.marks.get(segment);
      if (marks) mask.set(marks);
      return mask;
    }
    case 'leaf': {
      const { leaf } = node;
      const mask = masks.take(segment.tasks.count);
      if (!leaf.isOfParts) {
        leaf.fill(segment, mask);
        return mask;
      }
      mask.set(partMask(leaf, segment, masks));
      joinParts(segment, mask, leaf, masks);
      return mask;
    }
    case 'not': {
      const inner = evaluate(node.node, segment, masks);
      invert(inner);
      return inner;
    }
    case 'and':
    case 'or': {
      const [first, ...others] = node.nodes;
      if (!first) return masks.take(segment.tasks.count).fill(node.kind === 'and' ? 1 : 0);
      const found = evaluate(first, segment, masks);
      for (const each of others) {
        if (node.kind === 'or') orInto(found, evaluate(each, segment, masks));
        else if (each.kind === 'leaf' && each.leaf.holdsAt && isSparse(found))
          keepHeld(segment, found, each.leaf.holdsAt);
        else andInto(found, evaluate(each, segment, masks));
      }
      return found;
    }
    default:
      return assertNever(node);
  }
}

/** Whether so few are marked that looking at each is faster than at all. */
function isSparse(mask: Uint8Array): boolean {
  return countOf(mask) < mask.length / 16;
}

function keepHeld(segment: TableSegment, mask: Uint8Array, holdsAt: NonNullable<TaskLeaf['holdsAt']>): void {
  for (let at = nextOf(mask, 0); at >= 0; at = nextOf(mask, at + 1)) {
    const parts = segment.shared.get(at);
    const holds = parts ? parts.some((part) => holdsAt(part.segment, part.at)) : holdsAt(segment, at);
    if (!holds) mask[at] = 0;
  }
}

/** A task meets a term of its parts where one of them does. */
function joinParts(segment: TableSegment, mask: Uint8Array, leaf: TaskLeaf, masks: Masks): void {
  const { at: own, segments, other } = segment.links;
  let [last, there]: [TableSegment | undefined, Uint8Array | undefined] = [undefined, undefined];
  for (let link = 0; link < own.length; link++) {
    const part = segments[link];
    if (part !== last) [last, there] = [part, part && partMask(leaf, part, masks)];
    if (there?.[other[link] ?? 0] === 1) mask[own[link] ?? 0] = 1;
  }
}

/** What a segment by itself says, kept as long as the leaf. */
function partMask(leaf: TaskLeaf, segment: TableSegment, masks: Masks): Uint8Array {
  let known = partMasks.get(leaf);
  if (!known) {
    known = new Map();
    partMasks.set(leaf, known);
  }
  let mask = known.get(segment);
  if (!mask) {
    mask = masks.take(segment.tasks.count);
    leaf.fill(segment, mask);
    known.set(segment, mask);
  }
  return mask;
}

const partMasks = new WeakMap<TaskLeaf, Map<TableSegment, Uint8Array>>();

function mayMatch(node: Node, segment: TableSegment): boolean {
  switch (node.kind) {
    case 'records':
      return node.records.marks.has(segment);
    case 'and':
      return node.nodes.every((each) => mayMatch(each, segment));
    case 'or':
      return node.nodes.some((each) => mayMatch(each, segment));
    case 'all':
    case 'leaf':
    case 'not':
      return true;
    default:
      return assertNever(node);
  }
}

/** Whether the node holds for every task, plainly. */
function isAll(node: Node): boolean {
  return (
    node.kind === 'all' ||
    ((node.kind === 'and' || node.kind === 'or') && node.nodes.length > 0 && node.nodes.every(isAll))
  );
}

function isMonotone(node: Node, isNegated: boolean): boolean {
  switch (node.kind) {
    case 'all':
    case 'leaf':
      return true;
    case 'records':
      return !isNegated;
    case 'and':
    case 'or':
      return node.nodes.every((each) => isMonotone(each, isNegated));
    case 'not':
      return isMonotone(node.node, !isNegated);
    default:
      return assertNever(node);
  }
}

/** What must hold in any case: as the node says, with everything that records tell taken as it is best for a match. */
function withoutRecords(node: Node, isNegated = false): Node {
  switch (node.kind) {
    case 'all':
    case 'leaf':
      return node;
    case 'records':
      return isNegated ? { kind: 'or', nodes: [] } : { kind: 'all' };
    case 'and':
    case 'or':
      return { kind: node.kind, nodes: node.nodes.map((each) => withoutRecords(each, isNegated)) };
    case 'not':
      return { kind: 'not', node: withoutRecords(node.node, !isNegated) };
    default:
      return assertNever(node);
  }
}
