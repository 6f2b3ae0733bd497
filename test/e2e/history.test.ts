/** The history in a real browser: picked, read and walked through by keyboard, with a thousand runs too. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { expect, onTestFinished, test } from 'vitest';
import { exportViewer } from '../../reports/viewer/export.ts';
import { readPageScripts } from '../../reports/viewer/list-page.ts';
import { createViewServer } from '../../reports/viewer/view-server.ts';
import { describeInBrowser } from '../browser.ts';
import { recorded } from '../compared-runs.ts';
import { historyOf, writeHistory } from '../history-file.ts';
import { DIST, temporaryFolder } from '../program.ts';

const base = temporaryFolder();
let folders = 0;
function folder(): string {
  folders += 1;
  return join(base, `runs-${folders}`);
}

async function serve(runs: string): Promise<string> {
  const scripts = readPageScripts(dirname(DIST));
  const server = await createViewServer({ folder: runs, port: 0, scripts });
  onTestFinished(() => server.close());
  return server.address;
}

type Look = { readonly width?: number; readonly colorScheme?: 'light' | 'dark' };

async function open(browser: Browser, url: string, { width = 1440, colorScheme }: Look = {}) {
  const context = await browser.newContext({
    viewport: { width, height: 900 },
    ...(colorScheme === undefined ? {} : { colorScheme }),
  });
  onTestFinished(() => context.close());
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('dialog', (dialog) => {
    complaints.push(dialog.message());
    void dialog.dismiss();
  });
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  await page.goto(url);
  return { page, complaints };
}

const drawn = (page: Page): Promise<void> => page.locator('.chart[data-state=drawn]').waitFor();
const text = (page: Page, id: string): Promise<string | null> =>
  page.locator(`#${id}`).textContent();
const dots = (page: Page) => page.locator('.chart .mark-symbol.layer_5_marks path');
const overflow = (page: Page): Promise<number> =>
  page.evaluate('document.scrollingElement.scrollWidth - innerWidth');

const stepped = historyOf(40, [{ from: 24, factor: 1.2 }]);

describeInBrowser('the history', (browser) => {
  test.each<Required<Look>>([
    { width: 390, colorScheme: 'dark' },
    { width: 1440, colorScheme: 'light' },
  ])('is drawn with its change at $width px in $colorScheme', async (look) => {
    const runs = folder();
    writeHistory(runs, stepped, ['{"cut sho', '{"schema":9}']);
    const { page, complaints } = await open(browser(), await serve(runs), look);
    await page.getByRole('link', { name: 'History' }).click();
    await drawn(page);
    expect(await page.locator('.question').textContent()).toBe(
      '40 runs in 1 series: one for each scenario, load and machine. 2 lines of history.jsonl cannot be read and are left out.',
    );
    expect(await dots(page).count()).toBe(40);
    const [change = '', ...more] = await page.locator('#changes li').allTextContents();
    expect(more).toEqual([]);
    expect(change).toMatch(
      /\+\d\d %, from [\d.]+ ms to [\d.]+ ms: worse, between c0ffee0000\d\d and c0ffee0000\d\d/,
    );
    const [, size = ''] = /\+(\d+) %/.exec(change) ?? [];
    expect(Math.abs(Number(size) - 20)).toBeLessThanOrEqual(3);
    const [, last = ''] = /and c0ffee0*(\d+)/.exec(change) ?? [];
    expect(Math.abs(Number(last) - 24)).toBeLessThanOrEqual(1);
    expect(await page.locator('.chart').textContent()).toContain('1');
    expect(await overflow(page)).toBeLessThanOrEqual(0);
    const ink = await page.evaluate('getComputedStyle(document.body).color');
    expect(ink).toBe(look.colorScheme === 'dark' ? 'rgb(232, 234, 237)' : 'rgb(26, 29, 33)');
    expect(complaints).toEqual([]);
  });

  test('can be walked through by the keyboard, and a pick is in the address', async () => {
    const runs = folder();
    writeHistory(runs, stepped);
    mkdirSync(join(runs, 'x'));
    writeFileSync(join(runs, 'x', 'run.json'), JSON.stringify({ ...recorded, id: 'run-0' }));
    const { page, complaints } = await open(browser(), `${await serve(runs)}history`);
    await drawn(page);
    // The load in words, since one of its runs is still there.
    expect(await page.locator('#series option').textContent()).toMatch(/^broadcast · 200 clients/);
    await page.locator('#metric').focus();
    await page.keyboard.press('Tab');
    await page.keyboard.press('PageDown');
    expect(await text(page, 'point')).toMatch(/2[45] of 40.*first after change 1/);
    await page.keyboard.press('ArrowLeft');
    expect(await text(page, 'point')).not.toContain('first after');
    await page.keyboard.press('End');
    expect(await text(page, 'point')).toContain('40 of 40');
    expect(await text(page, 'point')).toContain('build c0ffee000039');
    await page.keyboard.press('ArrowRight');
    expect(await text(page, 'point')).toContain('40 of 40');
    await page.getByRole('button', { name: 'Show change 1' }).press('Enter');
    expect(await text(page, 'point')).toContain('first after change 1');
    await page.selectOption('#arm', 'ws');
    await drawn(page);
    expect(await text(page, 'changes-say')).toBe('No change was found in 40 runs.');
    expect(await text(page, 'point')).toBe('');
    await page.selectOption('#metric', 'delivery.lost');
    expect(page.url()).toMatch(/#series=0&arm=ws&metric=delivery\.lost$/);
    await page.reload();
    await drawn(page);
    expect(await page.locator('#arm').inputValue()).toBe('ws');
    expect(await text(page, 'explain')).toContain('lost');
    await page.locator('#box').focus();
    await page.keyboard.press('Home');
    await page.keyboard.press('Enter');
    await page.waitForURL(/report\?run=x$/);
    expect(complaints).toEqual([]);
  });

  test('shows what a point is when a pointer is on it', async () => {
    const runs = folder();
    writeHistory(runs, stepped);
    const { page, complaints } = await open(browser(), `${await serve(runs)}history`);
    await drawn(page);
    await dots(page).nth(7).hover();
    const tip = page.locator('#vg-tooltip-element.visible');
    await tip.waitFor();
    for (const part of ['run-7', '2026-01-02', 'c0ffee000007']) {
      expect(await tip.textContent()).toContain(part);
    }
    await dots(page).nth(7).click();
    await expect.poll(() => text(page, 'point')).toContain('8 of 40');
    expect(complaints).toEqual([]);
  });

  test('says how many runs are missing for change points', async () => {
    const runs = folder();
    writeHistory(runs, historyOf(11));
    const { page } = await open(browser(), `${await serve(runs)}history`);
    await drawn(page);
    expect(await text(page, 'changes-say')).toContain('1 more is missing');
    expect(await dots(page).count()).toBe(11);
  });

  test('shows markup of a history as text', async () => {
    const runs = folder();
    const evil = '</script><img src=x onerror="alert(1)">';
    const entries = historyOf(14, [{ from: 7, factor: 3 }], {
      id: evil,
      commit: evil,
      scenario: evil,
      fingerprint: evil,
    });
    writeHistory(
      runs,
      entries.map((one) => ({ ...one, figures: { [evil]: one.figures['sse'] ?? {} } })),
    );
    const { page, complaints } = await open(browser(), `${await serve(runs)}history`);
    await drawn(page);
    await page.locator('#box').focus();
    await page.keyboard.press('Home');
    await page.locator('#data summary').click();
    await expect.poll(() => page.locator('#rows tr').count()).toBe(14);
    expect(await text(page, 'point')).toContain(evil);
    expect(await page.locator('#arm').inputValue()).toBe(evil);
    await dots(page).first().hover();
    await page.locator('#vg-tooltip-element.visible').waitFor();
    expect(await page.locator('img').count()).toBe(0);
    expect(complaints).toEqual([]);
  });

  test('has a place for those who have no history yet', async () => {
    const { page, complaints } = await open(browser(), `${await serve(folder())}history`);
    await page.getByText('npm run bench').waitFor();
    expect(await page.locator('#drawn').isVisible()).toBe(false);
    expect(complaints).toEqual([]);
  });

  test('works from a disk with a thousand runs, each of which can be reached', async () => {
    const runs = folder();
    writeHistory(runs, historyOf(1_000, [{ from: 600, factor: 1.1 }]));
    const to = join(base, 'export');
    const scripts = readPageScripts(dirname(DIST));
    const { index } = await exportViewer({ folder: runs, to, scripts, last: 100, now: Date.now() });
    const { page, complaints } = await open(browser(), pathToFileURL(index).href);
    await page.getByRole('link', { name: 'History' }).click();
    await drawn(page);
    expect(await dots(page).count()).toBe(1_000);
    await page.locator('#box').focus();
    await page.keyboard.press('PageDown');
    const [, at = ''] = /(\d+) of 1000/.exec((await text(page, 'point')) ?? '') ?? [];
    expect(Math.abs(Number(at) - 601)).toBeLessThanOrEqual(2);
    await page.locator('#data summary').click();
    await expect.poll(() => page.locator('#rows tr').count()).toBe(1_000);
    await page.getByRole('link', { name: 'All runs' }).click();
    await page.getByText('There are no runs here yet').waitFor();
    expect(complaints).toEqual([]);
  });
});
