/**
 * A real Chromium for tests of pages. Where there is none, such tests are skipped and say why; in CI
 * they fail instead, or nobody would notice that they never ran.
 */
import { existsSync } from 'node:fs';
import type { Browser } from 'playwright-core';
import { chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, test } from 'vitest';

const PATH = process.env['CHROMIUM'] ?? '/usr/bin/chromium';

/** Without the network traffic that a browser makes of its own accord. */
const QUIET = [
  '--no-sandbox',
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** `describe` with one browser for all its tests; it is closed however they end. */
export function describeInBrowser(name: string, tests: (browser: () => Browser) => void): void {
  const missing = existsSync(PATH)
    ? undefined
    : `there is no browser at ${PATH}; install chromium, or name one in CHROMIUM`;
  if (missing !== undefined) {
    const inCi = process.env['CI'] === 'true';
    test.skipIf(!inCi)(`${name}: ${missing}`, () => {
      throw new Error(missing);
    });
    return;
  }
  describe(name, () => {
    let browser: Browser | undefined;
    beforeAll(async () => {
      browser = await chromium.launch({ executablePath: PATH, args: QUIET });
    });
    afterAll(async () => {
      await browser?.close();
    });
    tests(() => {
      if (browser === undefined) throw new Error('the browser is not running');
      return browser;
    });
  });
}
