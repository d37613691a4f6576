/** Asks for a query: checks it as it is typed, completes it, and offers what was searched before. */

import * as vscode from 'vscode';
import { parseQuery } from '../../model/query/parseQuery.ts';
import { type LearnedVocabulary, type LearningEvents } from './learnedVocabulary.ts';
import { type SearchItem, searchItems } from './searchItems.ts';

interface QueryItem extends vscode.QuickPickItem {
  readonly item: SearchItem;
  /** The text for which this item was made: an item of an older text must not be accepted in its place. */
  readonly forText: string;
}

export interface QueryQuestion {
  readonly title: string;
  readonly initial: string;
  /** The latest first. */
  readonly recent: readonly string[];
  readonly vocabulary: (events: LearningEvents) => LearnedVocabulary;
  readonly onFailure: (error: unknown) => void;
}

/** Resolves with a query that parses, `undefined` when the user thinks better of it. */
export function pickQuery({
  title,
  initial,
  recent,
  vocabulary: learn,
  onFailure,
}: QueryQuestion): Promise<string | undefined> {
  const picker = vscode.window.createQuickPick<QueryItem>();
  picker.title = title;
  picker.placeholder = 'account:acme status:failed since:2h "timed out"';
  picker.ignoreFocusOut = true;
  picker.keepScrollPosition = true;
  picker.value = initial;
  const vocabulary = learn({ learned: () => draw(), failed: onFailure });
  const draw = () => {
    const [active] = picker.activeItems;
    const items = searchItems(picker.value, recent, vocabulary, Date.now()).map(
      (item): QueryItem => quickItem(item, picker.value),
    );
    picker.items = items;
    // What comes in late must not move the choice under the user's finger. Said each time: left to itself, VS Code may
    // keep an earlier search active that reads as the one typed before did.
    const same = active?.forText === picker.value ? items.find((item) => isSame(item.item, active.item)) : undefined;
    picker.activeItems = [same ?? items[0]].filter((item) => item !== undefined);
  };
  const update = () => {
    draw();
    void vocabulary.learnFor(picker.value, picker.value.length);
  };
  update();
  const done = Promise.withResolvers<string | undefined>();
  const disposables = [
    picker,
    vocabulary,
    picker.onDidChangeValue(update),
    picker.onDidAccept(() => {
      const [active] = picker.activeItems;
      const action = active?.forText === picker.value ? active.item.action : undefined;
      if (action?.kind === 'complete') {
        picker.value = action.text;
        update();
        return;
      }
      const query = action?.query ?? picker.value;
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

function quickItem(item: SearchItem, forText: string): QueryItem {
  const { label, description, detail, icon, alwaysShow } = item;
  return {
    label,
    ...(description !== undefined && { description }),
    ...(detail !== undefined && { detail }),
    iconPath: new vscode.ThemeIcon(icon),
    alwaysShow,
    item,
    forText,
  };
}

function isSame(a: SearchItem, b: SearchItem): boolean {
  return a.label === b.label && a.action.kind === b.action.kind;
}
