/** What stands below the box in which a query is written: the query itself, completions, earlier searches, examples. */

import { completeQuery, type QueryCompletion, type QueryVocabulary } from '../../model/query/completeQuery.ts';
import { formatProblem, parseQuery } from '../../model/query/parseQuery.ts';
import { iconFree } from '../plainText.ts';

/** What accepting an item does: `search` ends the writing, `complete` goes on with another text. */
type SearchAction =
  | { readonly kind: 'search'; readonly query: string }
  | { readonly kind: 'complete'; readonly text: string };

export interface SearchItem {
  readonly label: string;
  readonly description?: string;
  readonly detail?: string;
  /** A product icon's name. */
  readonly icon: string;
  /** Offered for what stands at the end of the text, which its label need not resemble. */
  readonly alwaysShow: boolean;
  readonly action: SearchAction;
}

const examples: readonly (readonly [string, string])[] = [
  ['status:failed since:1d', 'what failed within a day'],
  ['is:live', 'what runs now'],
  ['is:retried', 'what needed more than one attempt'],
  ['status:failed sort:duration limit:20', 'the longest of the failed'],
];

/** More are found by typing on. */
const completionsAtMost = 50;

/**
 * The first is what Enter takes. The text's end counts as the cursor: VS Code does not tell where it is.
 * @param recent the latest first
 */
export function searchItems(
  text: string,
  recent: readonly string[],
  vocabulary: QueryVocabulary,
  nowMs: number,
): SearchItem[] {
  const completions = completionItems(text, vocabulary);
  const others = [
    ...recent
      .filter((query) => query !== text && query !== '')
      .map((query) => searchItem(query, 'searched before', 'history')),
    ...examples
      .filter(([query]) => query !== text && !recent.includes(query))
      .map(([query, meaning]) => searchItem(query, meaning, 'lightbulb')),
  ];
  if (text.trim() === '') {
    return [...others, { ...searchItem('', 'without a filter', 'list-flat'), label: 'All tasks' }, ...completions];
  }
  const parsed = parseQuery(text, { nowMs });
  const own = searchItem(text, '', 'search');
  const first: SearchItem =
    parsed.kind === 'query'
      ? { ...own, description: 'as written', alwaysShow: true }
      : { ...own, icon: 'error', detail: formatProblem(parsed.problem), alwaysShow: true };
  return [first, ...completions, ...others];
}

function searchItem(query: string, description: string, icon: string): SearchItem {
  // The text itself, so that VS Code ranks the item by it.
  return { label: query, description, icon, alwaysShow: false, action: { kind: 'search', query } };
}

const icons: Readonly<Record<QueryCompletion['kind'], string>> = {
  field: 'symbol-field',
  value: 'symbol-constant',
  flag: 'symbol-boolean',
  order: 'sort-precedence',
  time: 'clock',
  directive: 'symbol-keyword',
};

function completionItems(text: string, vocabulary: QueryVocabulary): SearchItem[] {
  return completeQuery(text, text.length, vocabulary)
    .map(({ kind, label, insert, start, end, detail }) => ({
      label: iconFree(kind === 'field' ? insert : label),
      ...(detail !== undefined && { description: detail }),
      icon: icons[kind],
      alwaysShow: true,
      action: { kind: 'complete', text: text.slice(0, start) + insert + text.slice(end) } as const,
    }))
    .filter(({ action }) => action.text !== text)
    .slice(0, completionsAtMost);
}
