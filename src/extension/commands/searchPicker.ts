/** Asks for a query: checks it as it is typed, and offers what was searched before. */

import * as vscode from 'vscode';
import { formatProblem, parseQuery } from '../../model/query/parseQuery.ts';

interface QueryItem extends vscode.QuickPickItem {
  readonly query: string;
  /** The text for which this item was made: an item of an older text must not be accepted in its place. */
  readonly forText: string;
}

const examples: readonly (readonly [string, string])[] = [
  ['status:failed since:1d', 'what failed within a day'],
  ['is:live', 'what runs now'],
  ['is:retried', 'what needed more than one attempt'],
  ['status:failed sort:-duration limit:20', 'the longest of the failed'],
];

/** Resolves with a query that parses, `undefined` when the user thinks better of it. */
export function pickQuery(title: string, initial: string, recent: readonly string[]): Promise<string | undefined> {
  const picker = vscode.window.createQuickPick<QueryItem>();
  picker.title = title;
  picker.placeholder = 'account:acme status:failed since:2h "timed out"';
  picker.ignoreFocusOut = true;
  picker.value = initial;
  const update = () => {
    picker.items = itemsFor(picker.value, recent);
  };
  update();
  const done = Promise.withResolvers<string | undefined>();
  const disposables = [
    picker,
    picker.onDidChangeValue(update),
    picker.onDidAccept(() => {
      const [active] = picker.activeItems;
      const query = active && active.forText === picker.value ? active.query : picker.value;
      // A wrong query stays in the box, with the place of the mistake under it.
      if (parseQuery(query, { nowMs: Date.now() }).kind === 'query') done.resolve(query.trim());
    }),
    picker.onDidHide(() => done.resolve(undefined)),
  ];
  picker.show();
  return done.promise.finally(() => {
    for (const disposable of disposables) disposable.dispose();
  });
}

function itemsFor(text: string, recent: readonly string[]): QueryItem[] {
  const items: QueryItem[] = [];
  if (text.trim() !== '') {
    const parsed = parseQuery(text, { nowMs: Date.now() });
    items.push({
      // The text itself, so that VS Code ranks this item first.
      label: text,
      query: text,
      forText: text,
      alwaysShow: true,
      ...(parsed.kind === 'query'
        ? { iconPath: new vscode.ThemeIcon('search'), description: 'Search tasks' }
        : { iconPath: new vscode.ThemeIcon('error'), detail: formatProblem(parsed.problem) }),
    });
  }
  const offered = recent.filter((query) => query !== text);
  items.push(
    ...offered.map((query) => ({
      label: query === '' ? '(all tasks)' : query,
      description: 'searched before',
      iconPath: new vscode.ThemeIcon('history'),
      query,
      forText: text,
    })),
    ...examples
      .filter(([query]) => query !== text && !recent.includes(query))
      .map(([query, meaning]) => ({
        label: query,
        description: meaning,
        iconPath: new vscode.ThemeIcon('lightbulb'),
        query,
        forText: text,
      })),
  );
  return items;
}
