/**
 * Which tasks match a query: its terms over the columns of the task table, vector by vector; what only records tell is looked for in
 * the segments by someone else, who marks the tasks here.
 */

import { assertNever } from '../../model/assertNever.ts';
import { taskOnlyFields } from '../../model/query/fields.ts';
import type { Leaf } from '../../model/query/leafTest.ts';
import type { Query, QueryExpression } from '../../model/query/query.ts';
import { isNamedField, type TaskLeaf, taskLeaf, type TaskRange } from './taskLeaf.ts';
import { firstEnd, type TableSegment } from './tableSegment.ts';
import { andInto, andNotInto, Masks, newMask, nextOf, orInto } from './taskMask.ts';
import type { TimeSpan } from '../segmentWindow.ts';
import type { TaskTable } from './taskTable.ts';

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
  readonly #span: TimeSpan | undefined;
  readonly #masks = new Masks();
  readonly #root: Node;

  /** @param mayHavePath whether some record may have the path outside the canonical columns. @param span tasks outside of it do not match. */
  constructor(query: Query, table: TaskTable, mayHavePath: (path: string) => boolean, span?: TimeSpan) {
    this.#query = query;
    this.#span = span;
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
    const first = segment.firstOf(at);
    let mask = marks.get(first.segment);
    if (!mask) {
      mask = newMask(first.segment.tasks.count);
      marks.set(first.segment, mask);
    }
    mask[first.at] = 1;
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
    const { time, atMs } = this.#query;
    const { sinceMs = Number.NEGATIVE_INFINITY, untilMs = Number.POSITIVE_INFINITY } = time;
    const range = mayTouch(segment, sinceMs, untilMs, atMs) ? rangeOf(root, segment) : none;
    if (range.from >= range.to) return this.#masks.take(segment.tasks.count);
    const mask = evaluate(root, segment, this.#masks, range);
    if (segment.shown < mask.length) andNotInto(mask, segment.hidden);
    if (time.sinceMs !== undefined || time.untilMs !== undefined) {
      const { lastMs, firstMs } = segment;
      for (let at = nextOf(mask, 0); at >= 0; at = nextOf(mask, at + 1)) {
        if ((lastMs[at] ?? 0) < sinceMs || (firstMs[at] ?? 0) >= untilMs) mask[at] = 0;
      }
    }
    if (this.#span) {
      const { fromMs, toMs } = this.#span;
      const { lastMs, firstMs } = segment;
      for (let at = nextOf(mask, 0); at >= 0; at = nextOf(mask, at + 1)) {
        if ((lastMs[at] ?? 0) < fromMs || (firstMs[at] ?? 0) > toMs) mask[at] = 0;
      }
    }
    if (atMs !== undefined) {
      const { lastMs, firstMs, status } = segment;
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

/** A leaf of which only the records tell, or alternatives of such. */
function isOfRecords(term: QueryExpression): boolean {
  if (term.kind === 'or') return term.terms.length > 0 && term.terms.every(isOfRecords);
  return term.kind === 'text' || (term.kind === 'field' && isRecordField(term));
}

function isRecordField({ field }: Extract<Leaf, { kind: 'field' }>): boolean {
  return field !== 'task' && field !== 'status' && !taskOnlyFields.has(field) && !isNamedField(field);
}

/** Whether a task that the segment stands for may have been within the times, or at the moment. */
function mayTouch(segment: TableSegment, sinceMs: number, untilMs: number, atMs: number | undefined): boolean {
  const { fromMs, boundReachMs } = segment;
  if (boundReachMs < sinceMs || fromMs >= untilMs) return false;
  return atMs === undefined || (fromMs <= atMs && (boundReachMs >= atMs || segment.hasOpen));
}

const none: TaskRange = { from: 0, to: 0 };

/** Tasks outside of it do not match. */
function rangeOf(node: Node, segment: TableSegment): TaskRange {
  const all: TaskRange = { from: 0, to: segment.tasks.count };
  switch (node.kind) {
    case 'leaf':
      return node.leaf.rangeOf?.(segment) ?? all;
    case 'records':
      return node.records.marks.has(segment) ? all : none;
    case 'and': {
      let { from, to } = all;
      for (const each of node.nodes) {
        const range = rangeOf(each, segment);
        [from, to] = [Math.max(from, range.from), Math.min(to, range.to)];
        if (from >= to) return none;
      }
      return { from, to };
    }
    case 'or': {
      let [from, to] = [all.to, 0];
      for (const each of node.nodes) {
        const range = rangeOf(each, segment);
        if (range.from < range.to) [from, to] = [Math.min(from, range.from), Math.max(to, range.to)];
      }
      return from < to ? { from, to } : none;
    }
    case 'all':
    case 'not':
      return all;
    default:
      return assertNever(node);
  }
}

/** 1 for each task of the range that matches; 0 outside of it, or for another task of it that a narrower look happened to meet. */
function evaluate(node: Node, segment: TableSegment, masks: Masks, range: TaskRange): Uint8Array {
  const mask = masks.take(segment.tasks.count);
  switch (node.kind) {
    case 'all':
      return mask.fill(1, range.from, range.to);
    case 'records': {
      const marks = node.records.marks.get(segment);
      if (marks) mask.set(marks);
      return mask;
    }
    case 'leaf': {
      node.leaf.fill(segment, mask, range);
      return mask;
    }
    case 'not': {
      const inner = evaluate(node.node, segment, masks, range);
      for (let at = range.from; at < range.to; at++) mask[at] = 1 - (inner[at] ?? 0);
      return mask;
    }
    case 'and':
    case 'or': {
      const [first, ...others] = node.nodes;
      if (!first) return node.kind === 'and' ? mask.fill(1, range.from, range.to) : mask;
      const found = evaluate(first, segment, masks, range);
      for (const each of others) {
        const other = evaluate(each, segment, masks, range);
        if (node.kind === 'or') orInto(found, other);
        else andInto(found, other);
      }
      return found;
    }
    default:
      return assertNever(node);
  }
}

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
