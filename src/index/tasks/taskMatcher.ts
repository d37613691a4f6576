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

export class TaskMatcher {
  readonly recordTerms: RecordTerm[] = [];
  readonly #query: Query;
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

  /** Whether everything matches. */
  get isAll(): boolean {
    const { time, atMs } = this.#query;
    return this.#root.kind === 'all' && time.sinceMs === undefined && time.untilMs === undefined && atMs === undefined;
  }

  /** Marks the task of a segment's row. */
  mark({ marks }: RecordTerm, segment: TableSegment, row: number): void {
    const at = segment.tasks.taskOfRow(row);
    if (at === undefined) return;
    const first = segment.shared.size > 0 ? partsAt({ segment, at })[0] : undefined;
    const shown = first?.segment ?? segment;
    let mask = marks.get(shown);
    if (!mask) {
      mask = new Uint8Array(shown.tasks.count);
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
    const mask = evaluate(root, segment);
    const { hidden, lastMs, firstMs, status } = segment;
    if (segment.shown < mask.length) for (let at = 0; at < mask.length; at++) if (hidden[at] === 1) mask[at] = 0;
    const { time, atMs } = this.#query;
    const { sinceMs, untilMs } = time;
    if (sinceMs !== undefined || untilMs !== undefined) {
      const [since, until] = [sinceMs ?? Number.NEGATIVE_INFINITY, untilMs ?? Number.POSITIVE_INFINITY];
      for (let at = 0; at < mask.length; at++) {
        if ((lastMs[at] ?? 0) < since || (firstMs[at] ?? 0) >= until) mask[at] = 0;
      }
    }
    if (atMs !== undefined) {
      for (let at = 0; at < mask.length; at++) {
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

function evaluate(node: Node, segment: TableSegment): Uint8Array {
  const mask = new Uint8Array(segment.tasks.count);
  switch (node.kind) {
    case 'all':
      return mask.fill(1);
    case 'records': {
      const marks = node.records.marks.get(segment);
      if (marks) mask.set(marks);
      return mask;
    }
    case 'leaf': {
      const { leaf } = node;
      leaf.fill(segment, mask);
      if (leaf.ofPart) joinParts(segment, mask, leaf.ofPart);
      return mask;
    }
    case 'not': {
      const inner = evaluate(node.node, segment);
      for (let at = 0; at < mask.length; at++) mask[at] = 1 - (inner[at] ?? 0);
      return mask;
    }
    case 'and': {
      mask.fill(1);
      for (const each of node.nodes) {
        const other = evaluate(each, segment);
        for (let at = 0; at < mask.length; at++) mask[at] = (mask[at] ?? 0) & (other[at] ?? 0);
      }
      return mask;
    }
    case 'or': {
      for (const each of node.nodes) {
        const other = evaluate(each, segment);
        for (let at = 0; at < mask.length; at++) mask[at] = (mask[at] ?? 0) | (other[at] ?? 0);
      }
      return mask;
    }
    default:
      return assertNever(node);
  }
}

function joinParts(
  segment: TableSegment,
  mask: Uint8Array,
  ofPart: (segment: TableSegment, at: number) => boolean,
): void {
  for (const [at, parts] of segment.shared) {
    if (mask[at] === 1 || segment.hidden[at] === 1) continue;
    if (parts.some((part) => ofPart(part.segment, part.at))) mask[at] = 1;
  }
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
