/** The list of runs in a real browser: found, compared, opened and deleted by keyboard and by mouse. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Command } from 'commander';
import type { Browser, Page } from 'playwright-core';
import { expect, onTestFinished, test } from 'vitest';
import type { Io } from '../../cli/io.ts';
import { view } from '../../cli/view.ts';
import type { RunResult } from '../../core/result.ts';
import { describeInBrowser } from '../browser.ts';
import { laterRun, recorded } from '../compared-runs.ts';
import { temporaryFolder } from '../program.ts';

const base = temporaryFolder();
let folders = 0;

function runsFolder(runs: Readonly<Record<string, RunResult | string>>): string {
  folders += 1;
  const folder = join(base, `runs-${folders}`);
  for (const [name, run] of Object.entries(runs)) write(folder, name, run);
  return folder;
}

function write(folder: string, name: string, run: RunResult | string): void {
  mkdirSync(join(folder, name), { recursive: true });
  const text = typeof run === 'string' ? run : JSON.stringify(run);
  writeFileSync(join(folder, name, 'run.json'), text);
}

/** The command in this process, until the test is over. @returns what it has printed first */
async function startView(...args: string[]): Promise<string> {
  const abort = new AbortController();
  let onLine = (_line: string): void => undefined;
  const firstLine = new Promise<string>((resolve) => {
    onLine = resolve;
  });
  const io: Io = {
    args: [],
    env: {},
    out: (text) => onLine(text.trim()),
    err: () => undefined,
    terminal: undefined,
    columns: 100,
    color: false,
    signal: abort.signal,
  };
  const command = new Command('view').exitOverride();
  let code: number | undefined;
  await view(command, io, (result) => {
    code = result;
  });
  const ended = command.parseAsync(args, { from: 'user' });
  onTestFinished(async () => {
    abort.abort();
    await ended;
    expect(code).toBe(0);
  });
  await Promise.race([firstLine, ended]);
  return await firstLine;
}

interface Opened {
  readonly page: Page;
  /** Errors and warnings, of scripts and of the browser; what breaks the policy is among them. */
  readonly complaints: string[];
}

async function open(browser: Browser, url: string, width = 1440): Promise<Opened> {
  const context = await browser.newContext({ viewport: { width, height: 900 } });
  onTestFinished(() => context.close());
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  await page.goto(url);
  return { page, complaints };
}

const shown = (page: Page) => page.locator('.run:visible');
const overflow = (page: Page): Promise<number> =>
  page.evaluate('document.scrollingElement.scrollWidth - innerWidth');
/** Asked from outside: the policy of these pages lets no test wait inside them. */
async function chartsDrawn(page: Page): Promise<void> {
  const undrawn = `[...document.querySelectorAll('.chart')].filter((one) =>
    one.checkVisibility() && one.dataset.state !== 'drawn').length`;
  await page.locator('.chart').first().waitFor();
  await expect.poll(() => page.evaluate(undrawn)).toBe(0);
}

const chat: RunResult = { ...recorded, scenario: { ...recorded.scenario, name: 'chat' } };
const hostileTitle = '<img src=x onerror="document.title=1">';
const hostile: RunResult = {
  ...recorded,
  id: '"><script>document.title=1</script>',
  arms: recorded.arms.map((arm, index) => (index === 0 ? { ...arm, title: hostileTitle } : arm)),
};
const sample = {
  '20260101T000000-broadcast': recorded,
  '20260102T000000-chat': chat,
  '20260103T000000-broadcast': laterRun({ sse: 1.4 }),
  '20260104T000000-hostile': hostile,
  '20260105T000000-broken': '{',
};

describeInBrowser('the viewer', (browser) => {
  test.each([390, 1440])('lists runs at %i px, and shows markup in them as text', async (width) => {
    const url = await startView('--runs', runsFolder(sample));
    const { page, complaints } = await open(browser(), url, width);
    await expect.poll(() => shown(page).count()).toBe(5);
    expect(await shown(page).first().textContent()).toContain('Cannot be shown');
    expect(await shown(page).nth(1).textContent()).toContain(hostileTitle);
    expect(await page.locator('.run img, .run script').count()).toBe(0);
    expect(await page.title()).toBe('5 runs · pushbench');
    expect(await overflow(page)).toBeLessThanOrEqual(0);
    expect(complaints).toEqual([]);
  });

  test('finds, ticks and compares runs by the keyboard alone', async () => {
    const url = await startView('--runs', runsFolder(sample));
    const { page, complaints } = await open(browser(), url);
    const press = (...keys: string[]) =>
      keys.reduce((before, key) => before.then(() => page.keyboard.press(key)), Promise.resolve());
    await press('/');
    await page.keyboard.type('sse broadcast 2026');
    await expect.poll(() => shown(page).count()).toBe(3);
    await press('Escape');
    await expect.poll(() => shown(page).count()).toBe(5);
    await page.keyboard.type('t000000-broadcast');
    expect(await page.locator('#count').textContent()).toBe('2 of 5 runs');
    // Down to the first run that is shown, back to its box, and the same for the second.
    await press('ArrowDown', 'Shift+Tab', 'Space');
    expect(await page.locator('#bar-says').textContent()).toContain('Tick another one');
    expect(await page.locator('#compare').isDisabled()).toBe(true);
    await press('ArrowDown', 'Shift+Tab', 'Space');
    expect(await page.locator('#bar-says').textContent()).toContain('2 runs ticked');
    await page.locator('#compare').focus();
    await press('Enter');
    await page.waitForURL(/compare\?run=/);
    expect(await page.locator('h1').textContent()).toContain(
      'B is worse than A in SSE latency p50',
    );
    await chartsDrawn(page);
    expect(await overflow(page)).toBeLessThanOrEqual(0);
    expect(complaints).toEqual([]);
  });

  test('does not compare runs of different scenarios', async () => {
    const url = await startView('--runs', runsFolder(sample));
    const { page } = await open(browser(), url);
    await page.getByLabel('Compare').nth(1).check();
    await page.locator('.run[data-scenario=chat] input').check();
    expect(await page.locator('#bar-says').textContent()).toContain('different questions');
    expect(await page.locator('#compare').isDisabled()).toBe(true);
    await page.locator('#unpick').click();
    expect(await page.locator('#bar').isVisible()).toBe(false);
    await page.selectOption('#scenario', 'chat');
    await expect.poll(() => shown(page).count()).toBe(1);
  });

  test('opens a report in an origin of its own, in which all of it works', async () => {
    const url = await startView('--runs', runsFolder(sample));
    const { page, complaints } = await open(browser(), url);
    await page.locator('.run[data-scenario=chat] .open').click();
    await chartsDrawn(page);
    expect(await page.evaluate('origin')).toBe('null');
    const downloading = page.waitForEvent('download');
    await page.locator('#download').click();
    const saved = JSON.parse(readFileSync(await (await downloading).path(), 'utf8')) as RunResult;
    expect(saved.scenario.name).toBe('chat');
    expect(complaints).toEqual([]);
    // Nor can it ask the viewer for anything, as a report from elsewhere might want to.
    const blocked = `fetch('${url}delete', { method: 'POST' }).then(() => 'sent', () => 'blocked')`;
    expect(await page.evaluate(blocked)).toBe('blocked');
  });

  test('deletes a run after a second thought, and not before', async () => {
    const folder = runsFolder(sample);
    const url = await startView('--runs', folder);
    const { page, complaints } = await open(browser(), url);
    const name = '20260102T000000-chat';
    const ask = page.getByRole('button', { name: `Delete ${name}` });
    await ask.click();
    expect(await page.locator('#confirm-name').textContent()).toBe(name);
    // The button that does no harm has the focus.
    await page.keyboard.press('Enter');
    expect(existsSync(join(folder, name))).toBe(true);
    await ask.click();
    await page.locator('#confirm-yes').click();
    await page.locator(`.run[data-name="${name}"]`).waitFor({ state: 'detached' });
    expect(existsSync(join(folder, name))).toBe(false);
    expect(await page.locator('#count').textContent()).toBe('4 runs');
    expect(complaints).toEqual([]);
  });

  test('shows a run that begins, goes on and ends while it is open', async () => {
    const folder = runsFolder({ '20260101T000000-broadcast': recorded });
    const url = await startView('--runs', folder);
    const { page, complaints } = await open(browser(), url);
    const name = '20260109T000000-broadcast';
    const row = page.locator(`.run[data-name="${name}"]`);
    const after = (trials: number, state: RunResult['state']): RunResult => ({
      ...recorded,
      state,
      trials: recorded.trials.slice(0, trials),
    });
    write(folder, name, after(0, 'running'));
    await row.getByText('0 of 18 trials').first().waitFor();
    expect(await page.locator('.run').first().getAttribute('data-name')).toBe(name);
    write(folder, name, after(7, 'running'));
    await row.getByText('7 of 18 trials').first().waitFor();
    expect(await row.locator('progress').getAttribute('value')).toBe('7');
    write(folder, name, after(18, 'finished'));
    await row.getByText('SUSPECT').waitFor();
    expect(await row.locator('.verdict').textContent()).toMatch(/^WebSocket delivers faster/);
    expect(complaints).toEqual([]);
  });

  test('has a thousand runs in the list within a second, once they have been read', async () => {
    const small = {
      ...recorded,
      comparisons: [],
      trials: recorded.trials.slice(0, 3).map(({ histograms, ...trial }) => trial),
    };
    const text = JSON.stringify(small);
    const names = Array.from({ length: 1_000 }, (_, index) => `${20_260_000 + index}-broadcast`);
    const folder = runsFolder(Object.fromEntries(names.map((name) => [name, text])));
    const url = await startView('--runs', folder);
    await (await fetch(url)).text();
    // CPU time of server and client together: what else runs on the machine is not what is asked.
    const before = process.cpuUsage();
    const page = await (await fetch(url)).text();
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1_000).toBeLessThan(1_000);
    expect(page.match(/<li class="run"/g)).toHaveLength(1_000);
    const { page: tab } = await open(browser(), url);
    await tab.fill('#search', '20260777');
    expect(await tab.locator('#count').textContent()).toBe('1 of 1,000 runs');
  });

  test('works from a disk once it has been exported', async () => {
    const to = join(base, 'export');
    const index = await startView('--runs', runsFolder(sample), '--export', to);
    expect(index).toBe(join(to, 'index.html'));
    const { page, complaints } = await open(browser(), pathToFileURL(index).href);
    await page.fill('#search', 't000000-broadcast');
    await expect.poll(() => shown(page).count()).toBe(2);
    expect(await page.locator('.delete').count()).toBe(0);
    await page.getByText('Against the one before').and(page.locator(':visible')).first().click();
    await page.waitForURL(/\/compare\//);
    expect(await page.locator('h1').textContent()).toContain('B is worse than A');
    await page.goBack();
    await shown(page).last().locator('.open').click();
    await chartsDrawn(page);
    expect(complaints).toEqual([]);
  });
});
