import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { goTo, openPage } from '../support/audit-page.js';
import { AuditSite } from '../support/audit-site.js';
import { auditEntries, auditEntry } from '../support/audit-entries.js';
import { hasChromium, newProfile, startChromium } from '../support/chromium.js';
import { testSigner } from '../support/log-fixtures.js';
import { ORIGIN, StaticServer, publish } from '../support/published-log.js';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

interface Violation {
  readonly id: string;
  readonly nodes: ReadonlyArray<{ readonly html: string; readonly failureSummary?: string }>;
}

/** What axe-core has to say against what is on view, contrast of colours included. */
const violationsOf = async (page: Page): Promise<string[]> => {
  const found = (await page.evaluate(`(async () => { ${AXE}; return (await axe.run(document)).violations; })()`)) as Violation[];
  return found.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 200)} ${failureSummary ?? ''}`));
};

const inChromium = hasChromium ? describe : describe.skip;

const LOOKS: ReadonlyArray<readonly [string, BrowserContextOptions]> = [
  ['light', { colorScheme: 'light' }],
  ['dark', { colorScheme: 'dark' }],
  ['on a phone', { colorScheme: 'light', viewport: { width: 360, height: 740 } }],
  ['on a phone, dark', { colorScheme: 'dark', viewport: { width: 360, height: 740 } }],
];

inChromium('everybody can use the page', () => {
  let site: AuditSite;
  let browser: Browser;
  const log = publish(auditEntries(700));
  beforeAll(async () => {
    [site, browser] = await Promise.all([AuditSite.start(log), startChromium()]);
  });
  afterAll(() => Promise.all([browser.close(), site.stop()]));

  const fitsOn = (page: Page): Promise<boolean> => page.evaluate(() => document.documentElement.scrollWidth <= innerWidth);

  test.each(LOOKS)('%s', async (_, look) => {
    const { page } = await openPage(await newProfile(browser, look), site.url);
    await page.locator('.canvas canvas').first().waitFor();
    await page.evaluate(() => document.querySelectorAll('details').forEach((details) => (details.open = true)));
    expect(await violationsOf(page)).toEqual([]);
    expect(await fitsOn(page)).toBe(true);
    await goTo(page, '#/search?kind=reject');
    await page.getByText('All 700 entries read').waitFor();
    expect(await violationsOf(page)).toEqual([]);
    expect(await fitsOn(page)).toBe(true);
    await goTo(page, '#/entry/304');
    await page.getByRole('heading', { name: 'The proof' }).waitFor();
    await page.locator('.step').first().waitFor();
    await page.evaluate(() => document.querySelectorAll('details').forEach((details) => (details.open = true)));
    expect(await violationsOf(page)).toEqual([]);
    expect(await fitsOn(page)).toBe(true);
    await page.context().close();
  });

  test.each(LOOKS)('%s, where things are wrong', async (_, look) => {
    const server = await StaticServer.start(log);
    const { page } = await openPage(await newProfile(browser, look), server.url);
    await page.getByText('needs the key').waitFor();
    expect(await violationsOf(page)).toEqual([]);
    await server.stop();
    site.log = log;
    await page.goto(site.url);
    await page.getByText('first time').waitFor();
    site.log = publish([...auditEntries(690), auditEntry(9999), ...auditEntries(100)]);
    await page.reload();
    await page.getByText('FORK').first().waitFor();
    expect(await violationsOf(page)).toEqual([]);
    expect(await fitsOn(page)).toBe(true);
    site.log = publish(auditEntries(3), [testSigner(ORIGIN, 'other')]);
    await page.reload();
    await page.getByText('does not hold').first().waitFor();
    expect(await violationsOf(page)).toEqual([]);
    site.log = log;
    await page.context().close();
  });
});
