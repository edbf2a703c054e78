import { readFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Browser, BrowserContext } from 'playwright-core';
import type { Gateway } from '../../src/gateway/index.js';
import {
  commitMapping,
  cosign,
  commitSii,
  encodeLeaf,
  leafHash,
  signReceipt,
  signatureLine,
  verifyTlogProof,
} from '../../src/log/index.js';
import { NOTHING_ODD, goTo, openPage, type OpenPage } from '../support/audit-page.js';
import { AuditSite, RECEIPT_SIGNER, WITNESS } from '../support/audit-site.js';
import { auditEntries, auditEntry } from '../support/audit-entries.js';
import { hasChromium, newProfile, startChromium } from '../support/chromium.js';
import { testLeaf, testSigner, vkeyOf } from '../support/log-fixtures.js';
import { LOG_SIGNER, ORIGIN, StaticServer, publish, type LogFiles } from '../support/published-log.js';

const log = publish(auditEntries(700));
const SECRET = Buffer.alloc(32, 7);
const SII = 'tel:+12025550100';
const SSI = 'mimi://a.example/u/alice';

/** As the gateway opens an entry; the number is wrong under one case. */
const open: Gateway['open'] = async (index, caseId) => ({
  index,
  logIndex: 700,
  kind: 'accept',
  opening: SECRET.toString('base64url'),
  sii: caseId === 'a lie' ? 'tel:+12025550199' : SII,
  ssi: SSI,
  provider: 'a.example',
  fingerprints: [],
});

/** One entry whose commitments a test can open. */
const opened700 = (): Buffer[] => {
  const entries = [...auditEntries(700)];
  entries[500] = encodeLeaf(testLeaf(500, { sii: commitSii(SECRET, SII), map: commitMapping(SECRET, SSI, 'a.example') }));
  return entries;
};

/** A witness below the checkpoint; `seconds` is when. */
const cosigned = (files: LogFiles, seconds: number, by = WITNESS): LogFiles => {
  const note = String(files.get('checkpoint'));
  const { id, payload } = cosign(by, `${note.split('\n\n')[0]}\n`, BigInt(seconds));
  return new Map(files).set('checkpoint', Buffer.from(note + signatureLine(WITNESS.name, id, payload)));
};

const inChromium = hasChromium ? describe : describe.skip;

const flip = (files: LogFiles, path: string, at: number): LogFiles => {
  const file = Buffer.from(files.get(path) as Buffer);
  file[at] = (file[at] as number) ^ 1;
  return new Map(files).set(path, file);
};

inChromium('the page of the auditor, served by the gateway', () => {
  let site: AuditSite;
  let browser: Browser;
  let profile: BrowserContext;
  let opened: OpenPage;
  beforeAll(async () => {
    [site, browser] = await Promise.all([AuditSite.start(log, open), startChromium()]);
  });
  beforeEach(async () => {
    site.log = log;
    profile = await newProfile(browser);
    opened = await openPage(profile, site.url);
    await opened.page.getByText('700').first().waitFor();
  });
  afterEach(async () => {
    await profile.close();
    expect(opened.remarks).toEqual(NOTHING_ODD);
  });
  afterAll(() => Promise.all([browser.close(), site.stop()]));

  const alarm = (): Promise<string> => opened.page.getByRole('alert').first().innerText();

  test('says what was signed, under which key, and counts what it read', async () => {
    const { page } = opened;
    expect(await page.getByText(/^184 of|444 of|188 of/).innerText()).toMatch(/of 700 entries read and proven/);
    expect(await page.locator('.checkpoint').innerText()).toMatch(/holds under dp\.example\/log\+[\s\S]*hands it out[\s\S]*first time/);
    await page.getByRole('button', { name: 'Read all 700' }).click();
    await page.getByText('All 700 entries read, and proven').waitFor();
    const refused = page.getByRole('row', { name: /^refused/ });
    expect(await refused.innerText()).toMatch(/refused\s+100/);
    await page.getByText(/As a table: Decisions/).click();
    expect(
      await page
        .getByRole('region', { name: /Table: Decisions/ })
        .locator('tbody tr')
        .count(),
    ).toBeGreaterThan(10);
    expect(await page.getByRole('img', { name: /600 accepted, 100 refused and 0 others/ }).count()).toBe(1);
  });

  test('finds by every field at once, by a link that another browser understands', async () => {
    const { page } = opened;
    await page.getByRole('link', { name: 'Search' }).click();
    await page.getByLabel('Decision', { exact: true }).selectOption('reject');
    await page.getByLabel(/^Client/).fill('b.example');
    await page.getByLabel(/^Provider/).fill('709J');
    await page.getByRole('button', { name: 'Search' }).click();
    await page.getByText('All 700 entries read').waitFor();
    const told = await page.locator('.result').innerText();
    const count = [...auditEntries(700)].filter((entry) => /"k":"reject".*"ap":"b.example".*"spc":"709J"/.test(entry.toString())).length;
    expect(told).toBe(`${count} of 700 entries read match`);
    const shared = page.url();
    expect(shared).toContain('#/search?kind=reject&ap=b.example&provider=709J');
    const other = await newProfile(browser);
    const second = await openPage(other, shared);
    await second.page.getByText('All 700 entries read').waitFor();
    expect(await second.page.locator('.result').innerText()).toBe(told);
    expect(second.remarks).toEqual(NOTHING_ODD);
    await other.close();
    await page.goBack();
    expect(await page.locator('.result').innerText()).toBe('700 entries, newest first');
  });

  test('is walked through by keys alone', async () => {
    const { page } = opened;
    await goTo(page, '#/search');
    await page.getByRole('grid').focus();
    await page.keyboard.press('End');
    await page.getByRole('row', { name: /^0 2026/ }).waitFor();
    await page.keyboard.press('Home');
    for (let i = 0; i < 3; i += 1) await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Entry 696' }).waitFor();
    expect(await page.evaluate(() => document.activeElement?.tagName)).toBe('H1');
    await page.goBack();
    await page.getByRole('heading', { name: 'Search' }).waitFor();
  });

  test('tells a refusal step by step, and proves it with every hash on view', async () => {
    const { page } = opened;
    await goTo(page, '#/entry/304');
    await page.getByText('proven in this browser: entry 304 of the 700').waitFor();
    const steps = await page.locator('.step').allInnerTexts();
    const at = steps.findIndex((text) => text.includes('refused here'));
    expect(steps).toHaveLength(15);
    expect(steps.slice(0, at).every((text) => text.includes('passed'))).toBe(true);
    expect(steps.slice(at + 1).every((text) => text.includes('not reached'))).toBe(true);
    expect(await page.locator('.path li').allInnerTexts()).toHaveLength(6);
    expect(await page.locator('.folds li').first().innerText()).toContain(leafHash(auditEntry(304)).toString('hex'));
    expect(await page.locator('.folds li').count()).toBe(11);
    expect(await page.locator('.raw').innerText()).toBe(auditEntry(304).toString());
  });

  test('hands out a proof that holds offline, and judges a receipt', async () => {
    const { page } = opened;
    await goTo(page, '#/entry/304');
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: /tlog-proof/ }).click()]);
    const hash = leafHash(auditEntry(304));
    const proven = verifyTlogProof({ proof: await readFile(await download.path()), leafHash: hash, log: vkeyOf(LOG_SIGNER) });
    expect(proven).toMatchObject({ index: 304, size: 700, origin: ORIGIN });
    const paste = async (leaf: Uint8Array): Promise<string> => {
      await goTo(page, '#/search');
      await page.getByText('Go to an index').click();
      const receipt = signReceipt({ origin: ORIGIN, index: 304, leafHash: leaf, time: 1_795_500_000_000 }, RECEIPT_SIGNER);
      await page.getByLabel(/^Index, or a receipt/).fill(receipt);
      await page.getByRole('button', { name: 'Go' }).click();
      await page.getByRole('heading', { name: 'The receipt' }).waitFor();
      return page.locator('section[aria-labelledby=receipt]').innerText();
    };
    expect(await paste(hash)).toMatch(/kept: this very leaf[\s\S]*its signature holds/);
    expect(await paste(leafHash(auditEntry(305)))).toMatch(/BROKEN[\s\S]*its signature holds/);
  });

  test('shows a changed entry as broken, and leaves its neighbours out of what was proven', async () => {
    const { page } = opened;
    const at = (log.get('tile/entries/000') as Buffer).indexOf(auditEntry(12)) + 300;
    site.log = flip(log, 'tile/entries/000', at);
    await goTo(page, '#/entry/12');
    await page.getByText('BROKEN: this entry is not what the log signed').waitFor();
    expect(await alarm()).toContain('tile/entries/000 or tile/0/000: they disagree');
    expect(await page.getByRole('button', { name: /tlog-proof/ }).count()).toBe(0);
    await goTo(page, '#/');
    await page.getByRole('button', { name: 'Read all 700' }).click();
    await page.getByText('1 of the files with entries cannot be shown').waitFor();
    expect(await page.getByText('444 of 700 entries read and proven').count()).toBe(1);
  });

  test('shows a changed tile as broken', async () => {
    const { page } = opened;
    site.log = flip(log, 'tile/0/000', 13 * 32);
    await goTo(page, '#/entry/12');
    await page.getByText('BROKEN').waitFor();
    expect(await page.getByText('NOT the same').count()).toBe(1);
  });

  test('sees a log that grew, one that forked and one that shrank, also after a new start', async () => {
    const { page } = opened;
    site.log = publish(auditEntries(800));
    await page.getByRole('button', { name: 'Read again' }).click();
    await page.getByText('consistent: it only grew, by 100').waitFor();
    site.log = publish([...auditEntries(750), auditEntry(9999), ...auditEntries(100)]);
    await page.reload();
    expect(await alarm()).toMatch(/FORK: this log has shown two histories[\s\S]*800 entries[\s\S]*851 entries/);
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: /seen before/ }).click()]);
    expect(await readFile(await download.path(), 'utf8')).toContain('\n800\n');
    site.log = log;
    await page.reload();
    await page.getByText('ROLLBACK: this log has become smaller').waitFor();
    site.log = publish(auditEntries(801));
    await page.reload();
    await page.getByText('consistent: it only grew, by 1,').waitFor();
  });

  test('tells who cosigned and how long ago, and draws that and the growth', async () => {
    const { page } = opened;
    const now = Math.floor(Date.now() / 1000);
    site.log = cosigned(publish(auditEntries(710)), now - 90);
    await page.getByRole('button', { name: 'Read again' }).click();
    const row = page.getByRole('row', { name: /witness\.example/ });
    await row.waitFor();
    expect(await row.innerText()).toMatch(/holds[\s\S]*1 minute ago/);
    site.log = cosigned(publish(auditEntries(720)), now - 5);
    await page.getByRole('button', { name: 'Read again' }).click();
    await page.getByRole('img', { name: /Age of the newest cosignature.*2 looks/ }).waitFor();
    await page.getByRole('img', { name: /size when this browser looked.*720 entries/ }).waitFor();
    site.log = cosigned(publish(auditEntries(730)), now, testSigner('witness.example', 'other'));
    await page.getByRole('button', { name: 'Read again' }).click();
    await page.getByText('730').first().waitFor();
    expect(await row.innerText()).toMatch(/key not known here/);
  });

  test('shows nothing under a checkpoint that another key signed', async () => {
    const { page } = opened;
    site.log = publish(auditEntries(10), [testSigner(ORIGIN, 'other')]);
    await page.reload();
    await page.getByText('The checkpoint does not hold').waitFor();
    expect(await page.locator('.figure, .grid, .facts').count()).toBe(0);
  });

  test('opens an entry for an auditor, and does not take the word of the gateway for it', async () => {
    const { cert, key } = site.tls.client([{ dns: 'auditor.example' }]);
    const clientCertificates = [{ origin: new URL(site.url).origin, cert: Buffer.from(cert), key: Buffer.from(key) }];
    const auditors = await newProfile(browser, { clientCertificates });
    site.log = publish(opened700());
    const { page, remarks } = await openPage(auditors, `${site.url}#/entry/500`);
    const told = page.locator('section[aria-labelledby=opening] .facts');
    for (const [caseId, expected] of [
      ['POL-2026/17', /12025550100 ✓ what the leaf commits to[\s\S]*alice ✓ what the leaf commits to/],
      ['a lie', /12025550199 ✗ NOT what the leaf commits to[\s\S]*alice ✓ what/],
    ] as const) {
      await page.getByLabel('Case').fill(caseId);
      await page.getByRole('button', { name: 'Open this entry' }).click();
      await told.getByText(caseId === 'a lie' ? '12025550199' : '12025550100').waitFor();
      expect(await told.innerText()).toMatch(expected);
    }
    expect(remarks).toEqual(NOTHING_ODD);
    await auditors.close();
  });

  test('says in words when nobody may open an entry', async () => {
    const { page } = opened;
    await goTo(page, '#/entry/304');
    await page.getByLabel('Case').fill('2026-17');
    await page.getByRole('button', { name: 'Open this entry' }).click();
    await page.getByText('no client certificate of an auditor').waitFor();
    expect(await page.getByText('client-unknown').count()).toBe(1);
  });
});

inChromium('the page of the auditor, from static files', () => {
  let server: StaticServer;
  let browser: Browser;
  beforeAll(async () => {
    [server, browser] = await Promise.all([StaticServer.start(log), startChromium()]);
  });
  afterAll(() => Promise.all([browser.close(), server.stop()]));

  test('proves everything with the key that the auditor has, and remembers it', async () => {
    const { page, remarks } = await openPage(await newProfile(browser), server.url);
    await page.getByText('This page needs the key of the log').waitFor();
    expect(await page.locator('.figure').count()).toBe(0);
    await page.getByLabel(/verifier key/).fill('dp.example/log+00000000+AAAA');
    await page.getByRole('button', { name: 'Verify under this key' }).click();
    await page.getByText('not a key in the form').waitFor();
    await page.getByLabel(/verifier key/).fill(vkeyOf(LOG_SIGNER));
    await page.getByRole('button', { name: 'Verify under this key' }).click();
    await page.getByText('as you gave it').waitFor();
    await page.reload();
    await page.getByText('as you gave it').waitFor();
    await goTo(page, '#/entry/304');
    await page.getByText('proven in this browser: entry 304 of the 700').waitFor();
    await page.getByText('Steps as this page was built with.').waitFor();
    expect(await page.locator('.step').count()).toBe(15);
    await goTo(page, '#/search?kind=reject');
    await page.getByText('100 of 700 entries read match').waitFor();
    expect(remarks).toEqual(NOTHING_ODD);
  });
});
