/** The VS Code window as a user sees and uses it: palette, views, rows, editor, notifications. */

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, Locator, Page } from 'playwright-core';
import { until } from './until.ts';

/** Where screenshots go, from the root of the project. */
const screenshotsFolder = join(import.meta.dirname, '../out/screenshots');

/** Long enough for a cold start of the extension host on a busy machine. */
const patienceMs = 60_000;

/** Labels in VS Code's list, and the class that the window has under each. */
const themes = {
  dark: { label: 'Dark Modern', kind: 'vs-dark' },
  light: { label: 'Light Modern', kind: 'vs' },
  highContrast: { label: 'Dark High Contrast', kind: 'hc-black' },
} as const;

export interface CursorPosition {
  readonly line1: number;
  readonly column1: number;
}

export class Workbench {
  readonly page: Page;

  private constructor(page: Page) {
    this.page = page;
  }

  /** Opens the served workspace in a window of its own and waits until it can be used. */
  static async open(browser: Browser, url: string): Promise<Workbench> {
    const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
    context.setDefaultTimeout(patienceMs);
    const page = await context.newPage();
    await page.goto(url);
    const workbench = new Workbench(page);
    await workbench.#usable();
    return workbench;
  }

  /** Loads the window anew, as after a change of settings on disk: the server does not always notice such by itself. */
  async reload(): Promise<void> {
    await this.page.reload();
    await this.#usable();
  }

  async #usable(): Promise<void> {
    await this.page.locator('.monaco-workbench .activitybar .action-item').first().waitFor();
    await this.page.locator('.statusbar #status\\.host, .statusbar .statusbar-item').first().waitFor();
  }

  async close(): Promise<void> {
    await this.page.context().close();
  }

  /**
   * Saves what the window shows as `test/out/screenshots/<name>.png`; gives back the path.
   * @param pointer `stays` for a picture of what hangs on it
   */
  async screenshot(name: string, pointer: 'away' | 'stays' = 'away'): Promise<string> {
    await mkdir(screenshotsFolder, { recursive: true });
    const path = join(screenshotsFolder, `${name}.png`);
    if (pointer === 'away') {
      // Mostly no hover covers what the picture is of; one that came late and stays is no reason to fail.
      await this.page.mouse.move(2, 2);
      await this.page.mouse.move(1, 1);
      const hover = this.page.locator('.workbench-hover:visible').first();
      await hover.waitFor({ state: 'hidden', timeout: 3_000 }).catch(() => undefined);
    }
    await this.page.screenshot({ path });
    return path;
  }

  /** Runs a command by its full title in the palette, e.g. `Ingest Trace: Search Tasks`. */
  async command(title: string): Promise<void> {
    // The palette lists a command only once its extension's manifest has been read.
    await until(
      `the palette has '${title}'`,
      async () => {
        await this.page.keyboard.press('F1');
        const row = this.quickRows.filter({ has: this.page.getByText(title, { exact: true }) }).first();
        try {
          // It closes where something that was started before takes the focus only now.
          await this.quickInput.fill(`>${title}`, { timeout: 5_000 });
          await row.click({ timeout: 5_000 });
          return true;
        } catch (error) {
          await this.page.keyboard.press('Escape');
          throw error;
        }
      },
      { timeoutMs: patienceMs },
    );
    // What the command asks for comes in the palette's place.
    const palette = this.quickInput.and(this.page.getByPlaceholder('Type the name of a command to run.'));
    await palette.waitFor({ state: 'hidden' });
  }

  /** Takes an item of the context menu of a row. A menu lets a click pass that comes right after it opened: it is clicked until it closes. */
  async contextMenu(row: Locator, item: string): Promise<void> {
    await row.click({ button: 'right' });
    const choice = this.page.getByRole('menuitem', { name: item });
    await choice.waitFor();
    await until(`the menu takes '${item}'`, async () => {
      if (await choice.isVisible()) await choice.click({ timeout: 3_000 });
      return !(await choice.isVisible());
    });
  }

  /** The field of the palette or of whatever asks the user in its place. */
  get quickInput(): Locator {
    return this.page.locator('.quick-input-widget:not([style*="display: none"]) .quick-input-filter input');
  }

  get quickRows(): Locator {
    return this.page.locator('.quick-input-widget .quick-input-list .monaco-list-row');
  }

  /** What the field says is wrong with its value, or asks for. */
  get quickMessage(): Locator {
    return this.page.locator('.quick-input-widget .quick-input-message');
  }

  /** Types an answer into the field and accepts it. */
  async answer(text: string): Promise<void> {
    await this.quickInput.fill(text);
    await this.page.keyboard.press('Enter');
    await this.quickInput.waitFor({ state: 'hidden' });
  }

  /** Brings a container of the activity bar to the front. */
  async openContainer(title: string): Promise<void> {
    const tab = this.page.locator(`.activitybar .action-item:has(a.action-label[aria-label="${title}"])`);
    await tab.waitFor();
    if ((await tab.getAttribute('aria-expanded')) !== 'true' && !(await hasClass(tab, 'checked'))) await tab.click();
    await this.page.locator('.sidebar .composite.title h2', { hasText: new RegExp(`^${title}`, 'i') }).waitFor();
  }

  /** Drags the edge of the side bar until it is this wide. */
  async widenSideBar(widthPx: number): Promise<void> {
    const box = await this.page.locator('.sidebar').boundingBox();
    if (!box) throw new Error('The side bar is not shown');
    const y = box.y + box.height / 2;
    await this.page.mouse.move(box.x + box.width, y);
    await this.page.mouse.down();
    await this.page.mouse.move(box.x + widthPx, y, { steps: 5 });
    await this.page.mouse.up();
    // Away from the edge, which is drawn thick under the pointer.
    await this.page.mouse.move(box.x + box.width / 2, box.y + box.height);
  }

  /** A view of the side bar by its title. */
  view(title: string): View {
    return new View(this, title);
  }

  /** Where the cursor of the active editor is, as the status bar says. */
  async cursor(): Promise<CursorPosition> {
    const item = this.page.locator('#status\\.editor\\.selection');
    const text = (await item.textContent()) ?? '';
    const [, line1, column1] = /Ln (\d+), Col (\d+)/.exec(text) ?? [];
    if (line1 === undefined || column1 === undefined) throw new Error(`No cursor position in '${text}'`);
    return { line1: Number(line1), column1: Number(column1) };
  }

  /** Name of the file or document that the active editor shows. */
  async activeEditor(): Promise<string | undefined> {
    const tab = this.page.locator('.editor-group-container.active .tab.active');
    return (await tab.count()) === 0 ? undefined : ((await tab.getAttribute('data-resource-name')) ?? undefined);
  }

  /** Path of the file that the active editor shows, from the workspace folder, as the breadcrumbs say. */
  async activeFile(): Promise<string | undefined> {
    const crumbs = this.page.locator('.editor-group-container.active .monaco-breadcrumb-item');
    const path = await crumbs.and(this.page.locator('.folder, .file')).allTextContents();
    const name = await this.activeEditor();
    // While another file is being opened, the breadcrumbs lag behind the tab.
    return name !== undefined && path.at(-1) === name ? path.join('/') : undefined;
  }

  /** The text that the active editor shows on a line, as far as it is scrolled into view; blanks are plain ones. */
  async lineText(line1: number): Promise<string | undefined> {
    const editor = this.page.locator('.editor-group-container.active .monaco-editor').first();
    const withTops = (part: Locator) =>
      part.evaluateAll((elements) =>
        elements.map((element) => ({
          text: element.textContent ?? '',
          top: Math.round(element.getBoundingClientRect().top),
        })),
      );
    // Line numbers and lines are drawn side by side: their vertical positions pair them.
    const numbers = await withTops(editor.locator('.margin-view-overlays .line-numbers'));
    const lines = await withTops(editor.locator('.view-lines > .view-line'));
    const number = numbers.find(({ text }) => text.trim() === String(line1));
    return lines.find(({ top }) => top === number?.top)?.text.replaceAll('\u00a0', ' ');
  }

  /** Texts of the notifications that are shown. */
  async notifications(): Promise<readonly string[]> {
    return this.page.locator('.notifications-toasts .notification-list-item-message').allTextContents();
  }

  /** Waits for a notification and gives back its text. */
  async notification(pattern: RegExp): Promise<string> {
    return until(
      `a notification says ${pattern}`,
      async () => (await this.notifications()).find((text) => pattern.test(text)),
      { timeoutMs: patienceMs },
    );
  }

  /** Clicks a button of the notification that `pattern` fits. */
  async clickNotification(pattern: RegExp, button: string): Promise<void> {
    await this.page
      .locator('.notifications-toasts .notification-list-item', { hasText: pattern })
      .getByRole('button', { name: button })
      .click();
  }

  async clearNotifications(): Promise<void> {
    await this.command('Notifications: Clear All Notifications');
  }

  /** Texts of the status bar's items. */
  async statusBar(): Promise<readonly string[]> {
    return this.page.locator('.statusbar .statusbar-item').allTextContents();
  }

  /** Changes the colours as a user does. */
  async colorTheme(theme: keyof typeof themes): Promise<void> {
    await this.command('Preferences: Color Theme');
    await this.answer(themes[theme].label);
    await this.page.locator(`.monaco-workbench.${themes[theme].kind}`).waitFor();
  }
}

/** One view of the side bar: its tree, its welcome text, its message. */
export class View {
  readonly pane: Locator;
  readonly #workbench: Workbench;
  readonly #title: string;

  constructor(workbench: Workbench, title: string) {
    this.#workbench = workbench;
    this.#title = title;
    this.pane = workbench.page.locator('.sidebar .split-view-view:has(> .pane)', {
      has: workbench.page.locator(`.pane-header[aria-label^="${title}"]`),
    });
  }

  /** All rows that are scrolled into view, as their accessible names, top to bottom. */
  async rows(): Promise<readonly string[]> {
    return this.rowsLike(/./).evaluateAll((rows) =>
      rows
        .map((row) => ({ name: row.getAttribute('aria-label') ?? '', top: row.getBoundingClientRect().top }))
        .sort((a, b) => a.top - b.top)
        .map(({ name }) => name),
    );
  }

  /** Rows whose accessible name fits: label and description, with a blank between. */
  rowsLike(name: RegExp | string): Locator {
    return this.pane.getByRole('treeitem', { name });
  }

  /** The first row whose accessible name fits; waits for it. */
  async row(name: RegExp | string): Promise<Locator> {
    const row = this.rowsLike(name).first();
    await row.waitFor();
    return row;
  }

  /** Opens the first row whose accessible name fits, if it is closed, and waits until it is open. */
  async expand(name: RegExp | string): Promise<void> {
    const row = await this.row(name);
    if ((await row.getAttribute('aria-expanded')) === 'true') return;
    await row.locator('.monaco-tl-twistie').click();
    await until(
      `'${name}' of ${this.#title} is open`,
      async () => (await row.getAttribute('aria-expanded')) === 'true',
      {
        timeoutMs: patienceMs,
      },
    );
  }

  /** The text shown when there are no rows. */
  get welcome(): Locator {
    return this.pane.locator('.welcome-view-content');
  }

  /** The line of text above the rows. */
  get message(): Locator {
    return this.pane.locator('.message');
  }

  /** Presses a button of the welcome text. */
  async pressWelcome(button: string): Promise<void> {
    await this.welcome.getByRole('button', { name: button }).click();
  }

  /** Presses a button of the view's title bar, which shows when the view is under the pointer. */
  async pressTitle(button: string): Promise<void> {
    await this.pane.locator('.pane-header').hover();
    await this.pane.locator(`.pane-header a.action-label[aria-label="${button}"]`).click();
  }

  get workbench(): Workbench {
    return this.#workbench;
  }
}

async function hasClass(locator: Locator, name: string): Promise<boolean> {
  return ((await locator.getAttribute('class')) ?? '').split(' ').includes(name);
}
