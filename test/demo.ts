/** Runs the `demo` command inside the test, with a fake process around it, and opens its page. */
import { Command } from 'commander';
import type { Browser, BrowserContext, Locator, Page } from 'playwright-core';
import { onTestFinished } from 'vitest';
import { demo } from '../cli/demo.ts';
import type { Io } from '../cli/io.ts';

export interface RunningDemo {
  /** Without the token. */
  readonly url: string;
  /** What it has printed on stdout, by lines. */
  readonly lines: readonly string[];
  /** Ctrl-C. @returns the exit code */
  stop(): Promise<number | undefined>;
  /** Publishes to a room, as somebody else would. */
  publish(text: string, room?: string): Promise<void>;
}

/** On a free port. @throws what the command throws */
export async function startDemo(...args: string[]): Promise<RunningDemo> {
  const lines: string[] = [];
  const abort = new AbortController();
  let code: number | undefined;
  let onReady = (): void => undefined;
  const ready = new Promise<void>((resolve) => {
    onReady = resolve;
  });
  const io: Io = {
    args: [],
    env: {},
    out: (text) => void lines.push(...text.trimEnd().split('\n')),
    // The first thing it says there is that it can be opened.
    err: () => onReady(),
    terminal: undefined,
    columns: 100,
    color: false,
    signal: abort.signal,
  };
  const command = new Command('demo').exitOverride();
  await demo(command, io, (result) => {
    code = result;
  });
  const ended = command.parseAsync(['--port', '0', ...args], { from: 'user' });
  const stop = async (): Promise<number | undefined> => {
    abort.abort();
    await ended;
    return code;
  };
  await Promise.race([ready, ended]);
  onTestFinished(async () => {
    await stop();
  });
  const address = /https?:\/\/[^"]+/.exec(lines[0] ?? '')?.[0] ?? '';
  const url = address.split('#', 1)[0] ?? '';
  return {
    url,
    lines,
    stop,
    async publish(text, room = 'main') {
      const response = await fetch(`${url}publish?room=${room}`, {
        method: 'POST',
        headers: { 'Content-Type': 'text/plain' },
        body: text,
      });
      if (response.status !== 204) throw new Error(`publishing was answered ${response.status}`);
    },
  };
}

export interface DemoPage {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Errors and warnings, of scripts and of the browser; what breaks the CSP is among them. */
  readonly complaints: string[];
  /** Addresses of everything it asked for. */
  readonly requests: string[];
  readonly sse: DemoColumn;
  readonly ws: DemoColumn;
}

export interface DemoColumn {
  readonly root: Locator;
  part(name: string): Locator;
  /** Resolves when the column is in this state. */
  is(state: 'open' | 'waiting' | 'closed'): Promise<void>;
  /** Resolves when a part holds the text. */
  says(part: string, text: string | RegExp): Promise<void>;
  /** Data of the events under this name that match the rest of a selector, newest first. */
  events(name: string, more?: string): Promise<string[]>;
}

export interface Look {
  readonly width?: number;
  readonly colorScheme?: 'light' | 'dark';
  readonly fragment?: string;
  /** Whether the clock of the page stands until the test moves it. */
  readonly stopClock?: boolean;
  /** Left out, one of its own, since six connections are for all tabs together. */
  readonly context?: BrowserContext;
}

/** Opens the page in a tab of its own. */
export async function openDemo(
  browser: Browser,
  { url }: RunningDemo,
  look: Look = {},
): Promise<DemoPage> {
  const { width = 1440, colorScheme = 'light', fragment = '', stopClock = false } = look;
  const context =
    look.context ??
    (await browser.newContext({
      viewport: { width, height: 900 },
      colorScheme,
      ignoreHTTPSErrors: true,
    }));
  onTestFinished(() => context.close());
  const page = await context.newPage();
  if (stopClock) await page.clock.install();
  const complaints: string[] = [];
  const requests: string[] = [];
  page.on('request', (request) => requests.push(request.url()));
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  await page.goto(`${url}${fragment}`);
  const opened = { page, context, complaints, requests, sse: column('sse'), ws: column('ws') };
  return opened;

  function column(name: string): DemoColumn {
    const root = page.locator(`.column.${name}`);
    const part = (of: string): Locator => root.locator(`[data-part="${of}"]`);
    return {
      root,
      part,
      is: (state) => page.locator(`.column.${name}[data-state="${state}"]`).waitFor(),
      says: (of, text) => part(of).filter({ hasText: text }).waitFor(),
      events: (named, more = '') =>
        root.locator(`.event[data-name="${named}"]${more} .data`).allTextContents(),
    };
  }
}

/** The page with both of its connections open. */
export async function openConnected(
  browser: Browser,
  demo: RunningDemo,
  look?: Look,
): Promise<DemoPage> {
  const opened = await openDemo(browser, demo, look);
  for (const { is, says } of [opened.sse, opened.ws]) {
    await is('open');
    await says('session', '…');
  }
  return opened;
}

/** Resolves when the newest event under this name has this data. */
export const newest = ({ root }: DemoColumn, name: string, data: string): Promise<void> =>
  root.locator(`.event[data-name="${name}"]`, { hasText: data }).first().waitFor();
