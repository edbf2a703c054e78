import type { BrowserContext, Page } from 'playwright-core';

/** What went on in a page that its author did not mean to happen. */
export interface Remarks {
  /** Exceptions, and what the browser wrote to the console as an error. */
  readonly errors: string[];
  /** What the page asked of hosts other than its own. */
  readonly foreign: string[];
  /** Content-Security-Policy violations. */
  readonly violations: string[];
  /** Dialogs: a script that came in as data would open one. */
  readonly dialogs: string[];
}

export interface OpenPage {
  readonly page: Page;
  readonly remarks: Remarks;
}

/** A new tab on a URL, watched from its first request on. */
export const openPage = async (profile: BrowserContext, url: string): Promise<OpenPage> => {
  const page = await profile.newPage();
  const remarks: Remarks = { errors: [], foreign: [], violations: [], dialogs: [] };
  page.on('pageerror', (error) => remarks.errors.push(String(error)));
  page.on('console', (message) => {
    if (/Content Security Policy/i.test(message.text())) remarks.violations.push(message.text());
    else if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) remarks.errors.push(message.text());
  });
  page.on('dialog', (dialog) => {
    remarks.dialogs.push(dialog.message());
    void dialog.dismiss();
  });
  page.on('request', (request) => {
    const { origin, protocol } = new URL(request.url());
    if (protocol !== 'blob:' && protocol !== 'data:' && origin !== new URL(url).origin) remarks.foreign.push(request.url());
  });
  await page.goto(url);
  return { page, remarks };
};

export const NOTHING_ODD: Remarks = { errors: [], foreign: [], violations: [], dialogs: [] };

/** Goes to a view of the page, as a link would. */
export const goTo = async (page: Page, hash: string): Promise<void> => {
  await page.evaluate((to) => (location.hash = to), hash);
};
