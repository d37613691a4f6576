/** What the row groups of a segment may hold, by the filters of its side: the others need not be read. */

import type { Leaf } from '../../model/query/leafTest.ts';
import type { QueryExpression } from '../../model/query/query.ts';
import type { BlockFile } from '../blocks/blockFile.ts';
import { hasColumns } from '../compileQuery.ts';
import { equalTokens } from '../fieldTokens.ts';
import { filteredFields } from './filteredColumns.ts';
import { TextFilter } from './textFilter.ts';
import { TokenFilter, type TokenHash, tokenHash } from './tokenFilter.ts';

interface RowGroupFilters {
  readonly texts: TextFilter | undefined;
  readonly tokens: TokenFilter | undefined;
}

/** Fields whose texts the text filters hold. */
const searchedFields: ReadonlySet<string> = new Set(['message', 'error.type', 'error.message', 'error.stack']);

export class SegmentFilters {
  readonly rowGroupRows: number;
  readonly #side: BlockFile;
  readonly #groups: RowGroupFilters[] = [];

  constructor(side: BlockFile) {
    this.#side = side;
    this.rowGroupRows = side.numbers('rowGroupRows')[0] ?? 1;
  }

  /**
   * The row groups in which some record may meet the term by itself.
   * @param term a leaf or alternatives of such. @param asked.hasPath whether some record of the segment may have the path
   * outside the canonical columns. @param asked.onlyTokens leaves the columns out.
   */
  mayHold(term: QueryExpression, asked: AskedOf, groups: readonly number[]): number[] {
    const test = prepare(term, asked);
    return groups.filter((group) => test(this.#groupAt(group)));
  }

  #groupAt(group: number): RowGroupFilters {
    return (this.#groups[group] ??= {
      texts: this.#side.has(`texts.${group}`) ? TextFilter.parse(this.#side.bytes(`texts.${group}`)) : undefined,
      tokens: this.#side.has(`tokens.${group}`) ? TokenFilter.parse(this.#side.bytes(`tokens.${group}`)) : undefined,
    });
  }
}

interface AskedOf {
  readonly onlyTokens: boolean;
  readonly hasPath: (path: string) => boolean;
}

type GroupTest = (filters: RowGroupFilters) => boolean;
const always: GroupTest = () => true;
const never: GroupTest = () => false;

function prepare(term: QueryExpression, asked: AskedOf): GroupTest {
  switch (term.kind) {
    case 'or': {
      const tests = term.terms.map((each) => prepare(each, asked));
      return (filters) => tests.some((test) => test(filters));
    }
    case 'text':
      return ({ texts }) => texts?.mayContain(term.text) ?? true;
    case 'field':
      return prepareField(term, asked);
    default:
      return always;
  }
}

function prepareField(
  { field, comparison }: Extract<Leaf, { kind: 'field' }>,
  { onlyTokens, hasPath }: AskedOf,
): GroupTest {
  const isPath = hasPath(field);
  const isColumn = !onlyTokens && hasColumns(field);
  if (!isColumn && !isPath) return never;
  const isText = isColumn && !isPath && searchedFields.has(field);
  if (comparison.kind === 'like' && isText) {
    const pieces = comparison.pattern.split('*');
    return ({ texts }) => pieces.every((piece) => texts?.mayContain(piece) ?? true);
  }
  if (comparison.kind !== 'equals') return always;
  if (isColumn && !filteredFields.has(field)) {
    return isText ? ({ texts }) => texts?.mayContain(comparison.value) ?? true : always;
  }
  const hashes = equalTokens(field, comparison.value).map(tokenHash);
  return ({ tokens }) => tokens === undefined || hashes.some((hash: TokenHash) => tokens.mayHold(hash));
}
