/** The system's Chromium, driven by playwright-core. */

import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';
import { undoOnSignal } from './undoOnSignal.ts';

/** Where Chromium is: the environment's CHROMIUM, else the usual places; `undefined` when there is none. */
export function findChromium(): string | undefined {
  const places = [
    process.env['CHROMIUM'],
    '/usr/bin/chromium',
    '/usr/bin/chromium-browser',
    '/usr/bin/google-chrome',
    '/Applications/Chromium.app/Contents/MacOS/Chromium',
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  ];
  return places.find((place) => place !== undefined && existsSync(place));
}

export const chromiumMissing =
  "No Chromium: install it ('sudo apt-get install chromium' on Debian) or name one in the environment's CHROMIUM.";

/** Starts Chromium with no window and nothing of its own on the network. */
export async function launchChromium(): Promise<Browser> {
  const executablePath = findChromium();
  if (executablePath === undefined) throw new Error(chromiumMissing);
  const browser = await chromium.launch({
    executablePath,
    // Playwright would end this process on a signal before the rest is undone.
    handleSIGINT: false,
    handleSIGTERM: false,
    handleSIGHUP: false,
    args: [
      // It opens loopback pages of this project only, and its sandbox works neither as root nor in most containers.
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--disable-dev-shm-usage',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
  browser.once(
    'disconnected',
    undoOnSignal(() => browser.close()),
  );
  return browser;
}
