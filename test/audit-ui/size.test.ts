import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { openPage } from '../support/audit-page.js';
import { AuditSite } from '../support/audit-site.js';
import { auditEntries } from '../support/audit-entries.js';
import { hasChromium, newProfile, startChromium } from '../support/chromium.js';
import { publish } from '../support/published-log.js';

const COUNT = 100_000;
/** Octets over the network, header fields included, until the page is at rest. */
const MOST_OCTETS = 200_000;

const inChromium = hasChromium ? describe : describe.skip;

/** How many octets came over the network in this tab so far, as the browser counts them. */
const counterOf = async (page: Page): Promise<() => number> => {
  let octets = 0;
  const session = await page.context().newCDPSession(page);
  await session.send('Network.enable');
  session.on('Network.loadingFinished', ({ encodedDataLength }) => (octets += encodedDataLength));
  return () => octets;
};

inChromium('a log of 100,000 entries', () => {
  let site: AuditSite;
  let browser: Browser;
  beforeAll(async () => {
    [site, browser] = await Promise.all([AuditSite.start(publish(auditEntries(COUNT))), startChromium()]);
  });
  afterAll(() => Promise.all([browser.close(), site.stop()]));

  test('is looked at within 200 KB', async () => {
    const page = await (await newProfile(browser)).newPage();
    const octets = await counterOf(page);
    await page.goto(site.url, { waitUntil: 'networkidle' });
    await page.getByText('160 of 100,000 entries read and proven').waitFor();
    await page.locator('.canvas canvas').waitFor();
    expect(octets()).toBeGreaterThan(20_000);
    expect(octets()).toBeLessThan(MOST_OCTETS);
  });

  test('is scrolled through with a few rows in the document, and read where it is looked at', async () => {
    const { page } = await openPage(await newProfile(browser), `${site.url}#/search`);
    const grid = page.getByRole('grid');
    await page.getByRole('row', { name: /^99,999 2026/ }).waitFor();
    await grid.press('End');
    await page.getByRole('row', { name: /^0 2026.*accepted/ }).waitFor();
    expect(await page.getByRole('row').count()).toBeLessThan(60);
    await grid.evaluate((element) => (element.scrollTop = element.scrollHeight / 2));
    await page
      .getByRole('row', { name: /^50,0\d\d 2026/ })
      .first()
      .waitFor();
    expect(await page.getByRole('row').count()).toBeLessThan(60);
  });

  test('is read and proven whole while the page stays at hand', async () => {
    const { page } = await openPage(await newProfile(browser), `${site.url}#/search?why=ap-mismatch`);
    await page.getByText('All 100,000 entries read, and proven').waitFor();
    const matching = [...auditEntries(COUNT)].filter((entry) => entry.includes('"why":"ap-mismatch"')).length;
    expect(await page.locator('.result').innerText()).toBe(`${new Intl.NumberFormat('en').format(matching)} of 100,000 entries read match`);
  });
});
