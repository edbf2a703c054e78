import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { NOTHING_ODD, goTo, openPage } from '../support/audit-page.js';
import { AuditSite } from '../support/audit-site.js';
import { hasChromium, newProfile, startChromium } from '../support/chromium.js';
import { publish } from '../support/published-log.js';

/** Each would run, load, break out, reorder or hide if it were taken for more than text. */
const STRINGS: readonly string[] = [
  '<script>alert(1)</script>',
  '<img src=x onerror=alert(1)>',
  '<img src="https://evil.example/x.png">',
  '"><svg onload=alert(1)>',
  'javascript:alert(1)//\'"',
  '</code></pre></title></style></textarea><iframe src="https://evil.example/"></iframe>',
  '<style>*{background:url(https://evil.example/)}</style>',
  '<a href="javascript:alert(1)" id=location name=location>x</a>',
  '<form action="https://evil.example/"><input name=attributes></form>',
  '<base href="https://evil.example/">',
  '<meta http-equiv=refresh content="0;url=https://evil.example/">',
  '{{constructor.constructor("alert(1)")()}}${alert(1)}',
  '\u202Eelpmaxe.a\u202C\u2066\u2069',
  'a\u200B\u200D\uFEFF\u00ADb',
  '\u0000\u0001\u001b[31mred\u001b[0m\r\n',
  'A\u0300'.repeat(400),
  'x'.repeat(2_500),
  '\u{1F4A9}\uD800',
  '__proto__',
  'constructor',
  'toString',
  '%00%2e%2e%2f',
  '=cmd|calc!A1',
  '#/entry/1?receipt=<b>',
  '../../etc/passwd',
  ' ',
  '',
];

/** A leaf by another encoder than the log's, with the string wherever a string may stand. */
const leafOf = (text: string, n: number): Buffer =>
  Buffer.from(
    JSON.stringify({
      v: 1,
      k: ['accept', 'reject', text, 'revoke'][n % 4],
      t: n % 5 === 4 ? text : 1_795_500_000_000 + n,
      act: text,
      ap: text,
      np: { spc: text, dom: text, iss: [text, `*${text}`], ee: text },
      tok: text,
      sii: text,
      map: text,
      why: text,
      pol: text,
      tl: text,
      num: text,
      rev: text,
      gw: text,
      fell: { eff: text, n: text, [text]: { [text]: [text] } },
      [text.slice(0, 40)]: text,
    }),
  );

/** Octets that are no leaf at all. */
const JUNK: readonly Buffer[] = ['', 'null', '[1]', '{', '"<script>alert(1)</script>"', '{"k":{"k":{}},"np":[],"t":1e999}'].map((text) =>
  Buffer.from(text),
);

const ENTRIES = [
  ...STRINGS.flatMap((text, i) => [0, 1, 2, 3].map((n) => leafOf(text, n + i * 5))),
  ...JUNK,
  Buffer.from([0xff, 0xc0, 0x80]),
];

const inChromium = hasChromium ? describe : describe.skip;

inChromium('hostile entries', () => {
  let site: AuditSite;
  let browser: Browser;
  beforeAll(async () => {
    [site, browser] = await Promise.all([AuditSite.start(publish(ENTRIES)), startChromium()]);
  });
  afterAll(() => Promise.all([browser.close(), site.stop()]));

  test('are text in every view: nothing runs, nothing is asked of other hosts, nothing breaks', async () => {
    const { page, remarks } = await openPage(await newProfile(browser), site.url);
    await page.getByText(`All ${ENTRIES.length} entries read`).waitFor();
    for (const summary of await page.locator('summary').all()) await summary.click();
    await goTo(page, '#/search');
    await page.getByRole('grid').waitFor();
    for (let i = 0; i < 12; i += 1) await page.getByRole('grid').press('PageDown');
    for (const [index] of ENTRIES.entries()) {
      await goTo(page, `#/entry/${index}`);
      await page.getByRole('heading', { name: `Entry ${index}`, exact: true }).waitFor();
      await page.getByRole('heading', { name: 'The octets' }).waitFor();
      expect(await page.getByText('proven in this browser').count()).toBe(1);
    }
    const strange = await page.evaluate(() => ({
      elements: document.querySelectorAll('script:not([src]), iframe, img, base, meta[http-equiv], form[action], #location, style').length,
      links: [...document.querySelectorAll('a')].filter((link) => new URL(link.href).origin !== location.origin).length,
    }));
    expect(strange).toEqual({ elements: 0, links: 0 });
    expect(remarks).toEqual(NOTHING_ODD);
  });

  test('are text in searches and addresses too', async () => {
    const { page, remarks } = await openPage(await newProfile(browser), site.url);
    for (const text of STRINGS.filter((candidate) => candidate.length < 2_000 && !candidate.includes('\uD800'))) {
      const params = new URLSearchParams({
        kind: text,
        action: text,
        why: text,
        ap: text,
        since: text,
        passport: text,
        receipt: text,
        [text]: text,
      });
      await goTo(page, `#/search?${params}`);
      await page.getByRole('grid').waitFor();
      await goTo(page, `#/entry/3?receipt=${encodeURIComponent(text)}`);
      await page.getByRole('heading', { name: 'The octets' }).waitFor();
      await goTo(page, `#/${text}`);
    }
    await goTo(page, '#/search');
    await page.getByText('Go to an index').click();
    await page.getByLabel(/^Index, or a receipt/).fill(STRINGS[0] ?? '');
    await page.getByRole('button', { name: 'Go' }).click();
    await page.getByText('Neither an index nor a receipt').waitFor();
    expect(remarks).toEqual(NOTHING_ODD);
  });
});
