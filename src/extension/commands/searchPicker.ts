/** Asks for a query: checks it as it is typed, completes it, and offers what was searched before. */

import { isDeepStrictEqual } from 'node:util';
import * as vscode from 'vscode';
import { parseQuery } from '../../model/query/parseQuery.ts';
import { LateList } from './lateList.ts';
import { type LearnedVocabulary, type LearningEvents } from './learnedVocabulary.ts';
import { type SearchItem, searchItems } from './searchItems.ts';

export interface QueryQuestion {
  readonly title: string;
  readonly initial: string;
  /** The latest first. */
  readonly recent: readonly string[];
  readonly vocabulary: (events: LearningEvents) => LearnedVocabulary;
  readonly onFailure: (error: unknown) => void;
}

/** A window that is further away than this draws under the user's finger. */
const drawnWithinMs = 2000;

/** Resolves with a query that parses, `undefined` when the user thinks better of it. */
export function pickQuery({
  title,
  initial,
  recent,
  vocabulary: learn,
  onFailure,
}: QueryQuestion): Promise<string | undefined> {
  const picker = vscode.window.createQuickPick();
  picker.title = title;
  picker.placeholder = 'account:acme status:failed since:2h "timed out"';
  picker.ignoreFocusOut = true;
  picker.keepScrollPosition = true;
  picker.value = initial;
  const vocabulary = learn({ learned: () => draw(), failed: onFailure });
  // What comes in late must not move the choice under the user's finger.
  const list = new LateList(isSame);
  let sent: NodeJS.Timeout | undefined;
  let drawn: NodeJS.Timeout | undefined;
  const activate = () => {
    const item = picker.items[list.chosenAt];
    if (item) picker.activeItems = [item];
  };
  const draw = () => {
    if (!list.change(picker.value, searchItems(picker.value, recent, vocabulary, Date.now()))) return;
    picker.items = list.items.map(quickItem);
    // Said each time: left to itself, VS Code may keep an earlier search active that reads as the one typed before did.
    activate();
    // What is set within a turn of the event loop VS Code sends together.
    clearTimeout(sent);
    sent = setTimeout(() => list.sent(), 0);
    clearTimeout(drawn);
    drawn = setTimeout(() => list.drawn(), drawnWithinMs);
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
    picker.onDidChangeActive(([item]) => {
      if (list.moved(item ? picker.items.indexOf(item) : -1)) activate();
    }),
    picker.onDidAccept(() => {
      const action = list.chosen?.action;
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
  list.sent();
  return done.promise.finally(() => {
    clearTimeout(sent);
    clearTimeout(drawn);
    for (const disposable of disposables) disposable.dispose();
  });
}

function quickItem({ label, description, detail, icon, alwaysShow }: SearchItem): vscode.QuickPickItem {
  return {
    label,
    ...(description !== undefined && { description }),
    ...(detail !== undefined && { detail }),
    iconPath: new vscode.ThemeIcon(icon),
    alwaysShow,
  };
}

/** For one text: labels may be alike, of the number 1 and the text "1" say. */
function isSame(a: SearchItem, b: SearchItem): boolean {
  return isDeepStrictEqual(a.action, b.action);
}
