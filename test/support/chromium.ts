import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type BrowserContext, type BrowserContextOptions } from 'playwright-core';

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

/** A real Chromium with a profile of its own, which is removed with it. */
export class TestBrowser {
  readonly context: BrowserContext;
  readonly #profile: string;

  private constructor(context: BrowserContext, profile: string) {
    this.context = context;
    this.#profile = profile;
  }

  static async open(options: BrowserContextOptions = {}): Promise<TestBrowser> {
    const profile = mkdtempSync(join(tmpdir(), 'signpost-chromium-'));
    const context = await chromium.launchPersistentContext(profile, {
      executablePath: executable(),
      headless: true,
      args: QUIET,
      ignoreHTTPSErrors: true,
      ...options,
    });
    return new TestBrowser(context, profile);
  }

  async close(): Promise<void> {
    await this.context.close();
    rmSync(this.#profile, { recursive: true, force: true });
  }
}
