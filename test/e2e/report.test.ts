/** The HTML report in a real browser, opened from the disk as its readers do. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import type { RunResult } from '../../core/result.ts';
import { compareArms } from '../../reports/compare-arms.ts';
import { renderHtml } from '../../reports/formats/html.ts';
import { readRunFile } from '../../reports/run-file.ts';
import { describeInBrowser } from '../browser.ts';
import { temporaryFolder } from '../program.ts';
import { roundTripRun } from '../trip-run.ts';

const folder = temporaryFolder();
const run = readRunFile(join(import.meta.dirname, '..', 'fixtures', 'run.json'));

interface Opened {
  readonly page: Page;
  readonly url: string;
  /** Everything the page asked for. */
  readonly requests: string[];
  /** Errors and warnings, of scripts and of the browser. */
  readonly complaints: string[];
}

interface Window {
  readonly width?: number;
  readonly colorScheme?: 'light' | 'dark';
}

/** Runs `look` on the report of `shown`, with all its visible charts drawn. */
async function withReport(
  browser: Browser,
  shown: RunResult,
  { width = 1440, colorScheme = 'light' }: Window,
  look: (opened: Opened) => Promise<void>,
): Promise<void> {
  const path = join(folder, `${shown.id}.html`);
  writeFileSync(path, renderHtml(shown));
  const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme });
  try {
    const page = await context.newPage();
    const opened = { page, url: pathToFileURL(path).href, requests: [], complaints: [] } as Opened;
    page.on('request', (request) => opened.requests.push(request.url()));
    page.on('pageerror', (error) => opened.complaints.push(error.message));
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) opened.complaints.push(message.text());
    });
    await page.goto(opened.url);
    await chartsDrawn(page);
    await look(opened);
  } finally {
    await context.close();
  }
}

const chartsDrawn = (page: Page): Promise<unknown> =>
  page.waitForFunction(
    `[...document.querySelectorAll('.chart')].every((one) =>
      !one.checkVisibility() || ['drawn', 'failed'].includes(one.dataset.state))`,
  );

/** Marks per chart that has a width; axes do not count. */
const marks = (page: Page): Promise<Record<string, number>> =>
  page.evaluate(`Object.fromEntries(
    [...document.querySelectorAll('.chart')].filter((one) => one.checkVisibility()).map((one) => [
      one.id,
      one.querySelectorAll('svg [class*="marks"] :is(path, line, rect)').length,
    ]))`);

const overflow = (page: Page): Promise<number> =>
  page.evaluate('document.scrollingElement.scrollWidth - innerWidth');

/** The fixture once more at a second point, as a sweep would have measured it. */
function sweepOf(one: RunResult): RunResult {
  const points = [{ clients: 200 }, { clients: 400 }];
  const trials = points.flatMap((point) => one.trials.map((trial) => ({ ...trial, point })));
  const sweep: RunResult = { ...one, id: 'sweep', points, trials };
  return { ...sweep, comparisons: compareArms(sweep) };
}

describeInBrowser('the HTML report', (browser) => {
  describe.each([390, 1440])('at %i px', (width) => {
    test.each(['light', 'dark'] as const)(
      'is whole and asks for nothing, in %s',
      async (colorScheme) => {
        await withReport(browser(), run, { width, colorScheme }, async (opened) => {
          expect(opened.complaints).toEqual([]);
          expect(opened.requests).toEqual([opened.url]);
          const drawn = await marks(opened.page);
          expect(Object.keys(drawn).length).toBeGreaterThan(5);
          expect(Object.entries(drawn).filter(([, count]) => count === 0)).toEqual([]);
          expect(await opened.page.locator('h1').textContent()).toMatch(/SSE|WebSocket/);
          for (const { says, headline, against } of run.comparisons) {
            if (!headline || against === 'raw') continue;
            await expect(opened.page.locator('#verdict').textContent()).resolves.toContain(says);
          }
          expect(await overflow(opened.page)).toBeLessThanOrEqual(0);
        });
      },
    );

    test('does not overflow with every table open', async () => {
      await withReport(browser(), run, { width }, async ({ page }) => {
        await page.evaluate(
          "for (const one of document.querySelectorAll('details')) one.open = true",
        );
        expect(await overflow(page)).toBeLessThanOrEqual(0);
      });
    });
  });

  test('follows a change of the colour scheme without being drawn again', async () => {
    await withReport(browser(), run, { colorScheme: 'light' }, async ({ page }) => {
      const colors = (): Promise<string[]> =>
        page.evaluate(`[
          getComputedStyle(document.body).backgroundColor,
          getComputedStyle(document.querySelector('.chart .role-axis-label text')).fill,
          getComputedStyle(document.querySelector('#rounds-0 .mark-symbol path')).stroke,
        ]`);
      const light = await colors();
      await page.emulateMedia({ colorScheme: 'dark' });
      const dark = await colors();
      for (const [index, color] of light.entries()) expect(color).not.toBe(dark[index]);
      expect([...light, ...dark].every((color) => color.startsWith('rgb('))).toBe(true);
    });
  });

  test('leads the Tab key to the skip link first, and to every table that scrolls', async () => {
    await withReport(browser(), run, { width: 390 }, async ({ page }) => {
      const wanted = await page.locator('.scroll:visible').count();
      const reached = new Set<string>();
      let first: string | undefined;
      for (let presses = 0; presses < 200 && reached.size < wanted; presses += 1) {
        await page.keyboard.press('Tab');
        const focus: string = await page.evaluate(
          "document.activeElement.className + '|' + document.activeElement.getAttribute('aria-label')",
        );
        first ??= focus;
        if (focus.startsWith('scroll|')) reached.add(focus);
      }
      expect(first).toMatch(/^skip\|/);
      expect(reached.size).toBe(wanted);
    });
  });

  test('names every chart, says what to look for, and has its data as a table', async () => {
    await withReport(browser(), run, {}, async ({ page }) => {
      const figures = page.locator('figure');
      const names: string[] = [];
      for (const figure of await figures.all()) {
        const name = (await figure.locator('figcaption h3').textContent()) ?? '';
        names.push(name);
        expect(await page.getByRole('figure', { name, exact: true }).count()).toBe(1);
        expect(await figure.locator('figcaption p').textContent()).toMatch(/\.$/);
        expect(await figure.locator('details.data table tbody tr').count()).toBeGreaterThan(0);
        const named = await figure.getByRole('img', { name: /\w+ \w+/ }).count();
        expect(named).toBe(await figure.locator('.chart').count());
        expect(named).toBeGreaterThan(0);
      }
      expect(names.length).toBeGreaterThan(3);
    });
  });

  test('gives back the run file it was made from', async () => {
    await withReport(browser(), run, {}, async ({ page }) => {
      const downloading = page.waitForEvent('download');
      await page.locator('#download').click();
      const download = await downloading;
      expect(JSON.parse(readFileSync(await download.path(), 'utf8'))).toEqual(run);
    });
  });

  test('shows a sweep before its points, and draws a point when it is opened', async () => {
    await withReport(browser(), sweepOf(run), { width: 390 }, async ({ page, complaints }) => {
      const before = Object.keys(await marks(page));
      expect(before[0]).toMatch(/^sweep-/);
      await page.locator('#point-2 > summary').click();
      await chartsDrawn(page);
      const after = await marks(page);
      expect(Object.keys(after).length).toBeGreaterThan(before.length);
      expect(Object.entries(after).filter(([, count]) => count === 0)).toEqual([]);
      expect(await overflow(page)).toBeLessThanOrEqual(0);
      expect(complaints).toEqual([]);
    });
  });

  test.each([390, 1440])(
    'shows round trips at %i px, whole and without overflow',
    async (width) => {
      await withReport(browser(), roundTripRun(), { width }, async ({ page, complaints }) => {
        await page.evaluate(
          "for (const one of document.querySelectorAll('details')) one.open = true",
        );
        await chartsDrawn(page);
        const drawn = await marks(page);
        expect(Object.entries(drawn).filter(([, count]) => count === 0)).toEqual([]);
        expect(Object.keys(drawn)).toContain('percentiles-ask-0');
        expect(await page.locator('#spread, #delivery').count()).toBe(0);
        const row = page.locator('#trips table').first().locator('tbody tr').first();
        expect(await row.locator('th, td').allTextContents()).toEqual(
          // 1,440 of those that were not given up; the share stands beneath the count.
          ['SSE requests', '1,530', '1,44098.765 %', '0', '12', '6', '0', '72', '6,000', '54'],
        );
        expect(await overflow(page)).toBeLessThanOrEqual(0);
        expect(complaints).toEqual([]);
      });
    },
  );

  test('says that a run was cut short before anything else', async () => {
    const cut: RunResult = { ...run, id: 'cut', state: 'aborted', trials: [], comparisons: [] };
    await withReport(browser(), cut, {}, async ({ page, complaints }) => {
      expect(await page.getByRole('alert').textContent()).toContain('stopped before its end');
      expect(await page.locator('h1').textContent()).toMatch(/^No verdict/);
      expect(complaints).toEqual([]);
    });
  });

  test('shows markup in names as the text it is', async () => {
    const title = '</script><img src=x onerror="document.title=1">';
    const hostile: RunResult = {
      ...run,
      id: 'hostile',
      command: title,
      arms: run.arms.map((arm, index) => (index === 0 ? { ...arm, title } : arm)),
    };
    await withReport(browser(), hostile, {}, async ({ page, requests, complaints }) => {
      expect(await page.locator('img').count()).toBe(0);
      expect(await page.locator('#again pre').first().textContent()).toBe(title);
      expect(await page.locator('.legend').nth(1).textContent()).toContain(title);
      expect(requests).toHaveLength(1);
      expect(complaints).toEqual([]);
    });
  });
});
