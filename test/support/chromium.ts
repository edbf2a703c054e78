import { spawnSync } from 'node:child_process';
import { chromium, type Browser, type BrowserContext, type BrowserContextOptions } from 'playwright-core';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome'];

const found = NAMES.find((name) => spawnSync(name, ['--version', '--no-sandbox'], { stdio: 'ignore' }).status === 0);

/** Whether the machine has a Chromium. Without one its tests are left out, loudly; SIGNPOST_REQUIRE=chromium makes that a failure. */
export const hasChromium = ((): boolean => {
  if (found !== undefined) return true;
  if ((process.env['SIGNPOST_REQUIRE'] ?? '').split(',').includes('chromium'))
    throw new Error('SIGNPOST_REQUIRE names chromium, and there is none');
  process.stderr.write("LEFT OUT: no Chromium on this machine, so the auditor's page is tested in no browser\n");
  return false;
})();

const QUIET = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

const executable = (): string => spawnSync('sh', ['-c', `command -v ${found ?? ''}`], { encoding: 'utf8' }).stdout.trim();

/** A real Chromium with an empty profile, which is removed with it. */
export const startChromium = (): Promise<Browser> => chromium.launch({ executablePath: executable(), headless: true, args: QUIET });

/** A profile of its own: nothing is remembered from one to the next. The certificates of tests are nobody's. */
export const newProfile = (browser: Browser, options: BrowserContextOptions = {}): Promise<BrowserContext> =>
  browser.newContext({ ignoreHTTPSErrors: true, ...options });
