/** The viewer behind its page: what it lists, whom it answers, what it refuses, and what it writes as files. */
import {
  existsSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import type { IncomingHttpHeaders } from 'node:http';
import { request } from 'node:http';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { RunResult } from '../../core/result.ts';
import { exportViewer } from '../../reports/viewer/export.ts';
import { refusal } from '../../reports/viewer/guard.ts';
import { describeRun } from '../../reports/viewer/run-entry.ts';
import { createRunIndex } from '../../reports/viewer/run-index.ts';
import { createViewServer } from '../../reports/viewer/view-server.ts';
import { laterRun, recorded } from '../compared-runs.ts';
import { temporaryFolder } from '../program.ts';

const base = temporaryFolder();
let folders = 0;
const scripts = { list: 'export {};', history: 'export {};' };

/** A runs folder with these in it; text stands for a file that is no run. */
function runsFolder(runs: Readonly<Record<string, RunResult | string>>): string {
  folders += 1;
  const folder = join(base, `runs-${folders}`);
  mkdirSync(folder);
  for (const [name, run] of Object.entries(runs)) {
    mkdirSync(join(folder, name));
    const text = typeof run === 'string' ? run : JSON.stringify(run);
    writeFileSync(join(folder, name, 'run.json'), text);
  }
  return folder;
}

describe('the index of runs', () => {
  test('lists the latest first, and what cannot be read with the reason', async () => {
    const folder = runsFolder({
      '20260101-good': recorded,
      '20260102-truncated': JSON.stringify(recorded).slice(0, 900),
      '20260103-foreign': '{"name":"somebody else"}',
      '20260104-future': JSON.stringify({ ...recorded, schema: 99 }),
      '20260105-noise': {
        ...recorded,
        trials: recorded.trials.map((trial) => ({
          ...trial,
          histograms: trial.histograms && { ...trial.histograms, due: 'bm9pc2U=' },
        })),
      },
    });
    const runs = await createRunIndex(folder).refresh();
    expect([...runs.keys()].at(0)).toBe('20260105-noise');
    expect(runs.get('20260101-good')?.entry.kind).toBe('run');
    for (const name of ['20260102-truncated', '20260103-foreign', '20260104-future']) {
      const entry = runs.get(name)?.entry;
      expect(entry).toMatchObject({ kind: 'unreadable', name });
      expect(entry?.kind === 'unreadable' ? entry.why.length : 0).toBeGreaterThan(20);
      expect(JSON.stringify(entry)).not.toContain(folder);
    }
  });

  test('reads a file again only when it has changed', async () => {
    const folder = runsFolder({ one: recorded, two: recorded });
    const index = createRunIndex(folder);
    const before = await index.refresh();
    const path = join(folder, 'two', 'run.json');
    writeFileSync(path, JSON.stringify({ ...recorded, state: 'aborted' }));
    utimesSync(path, new Date(), new Date(Date.now() + 5_000));
    const after = await index.refresh();
    expect(after.get('one')).toBe(before.get('one'));
    expect(after.get('two')).not.toBe(before.get('two'));
  });

  test('follows no links, and knows no run outside its folder', async () => {
    const outside = runsFolder({ secret: recorded });
    const folder = runsFolder({ real: recorded });
    symlinkSync(join(outside, 'secret'), join(folder, 'linked'));
    mkdirSync(join(folder, 'half'));
    symlinkSync(join(outside, 'secret', 'run.json'), join(folder, 'half', 'run.json'));
    const index = createRunIndex(folder);
    expect([...(await index.refresh()).keys()]).toEqual(['real']);
    expect(await index.pathOf('real')).toBe(join(folder, 'real', 'run.json'));
    for (const name of [
      'linked',
      'half',
      '..',
      '.',
      '',
      '../runs-1',
      'real/..',
      'real/../real',
      '%2e%2e',
      'real\0',
    ]) {
      expect(await index.pathOf(name), name).toBeUndefined();
    }
  });

  test('is empty where there is no folder yet', async () => {
    expect((await createRunIndex(join(base, 'nowhere')).refresh()).size).toBe(0);
  });
});

test('a run is listed with its verdict, its progress and its headline metric by round', () => {
  const entry = describeRun('x', recorded);
  expect(entry.verdict).toMatch(/^WebSocket delivers faster/);
  expect(entry).toMatchObject({ done: 18, planned: 18, scenario: 'broadcast', state: 'finished' });
  expect(entry.spark?.metric).toBe('latency p50');
  expect(entry.spark?.lines.map(({ arm, values }) => [arm, values.length])).toEqual([
    ['SSE', 6],
    ['WebSocket', 6],
  ]);
  const running = describeRun('x', {
    ...recorded,
    state: 'running',
    trials: recorded.trials.slice(0, 5),
  });
  expect(running).toMatchObject({ done: 5, planned: 18, verdict: 'No verdict yet.' });
});

describe('the guard', () => {
  const own = { host: '127.0.0.1:8000' };
  test.each<[string, string, IncomingHttpHeaders]>([
    ['a typed address', 'GET', { ...own, 'sec-fetch-site': 'none' }],
    ['a program without a browser', 'GET', own],
    [
      'its own page',
      'POST',
      { ...own, origin: 'http://127.0.0.1:8000', 'sec-fetch-site': 'same-origin' },
    ],
    ['the name localhost', 'GET', { host: 'localhost:8000' }],
    [
      'a link on another page, opened in a tab',
      'GET',
      {
        ...own,
        'sec-fetch-site': 'cross-site',
        'sec-fetch-mode': 'navigate',
        'sec-fetch-dest': 'document',
      },
    ],
  ])('lets %s through', (_, method, headers) => {
    expect(refusal({ method, headers }, 8000)).toBeUndefined();
  });

  test.each<[string, string, IncomingHttpHeaders]>([
    ['a name that was bent to point here', 'GET', { host: 'evil.example:8000' }],
    ['another port', 'GET', { host: '127.0.0.1:9000' }],
    ['no host at all', 'GET', {}],
    ['another origin', 'GET', { ...own, origin: 'http://evil.example' }],
    ['an origin on another port', 'POST', { ...own, origin: 'http://127.0.0.1:9000' }],
    ['a page in a sandbox', 'POST', { ...own, origin: 'null' }],
    [
      'another page that loads it',
      'GET',
      { ...own, 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' },
    ],
    [
      'another page that frames it',
      'GET',
      {
        ...own,
        'sec-fetch-site': 'cross-site',
        'sec-fetch-mode': 'navigate',
        'sec-fetch-dest': 'iframe',
      },
    ],
    [
      'a form on a page of the same machine',
      'POST',
      {
        ...own,
        'sec-fetch-site': 'same-site',
        'sec-fetch-mode': 'navigate',
        'sec-fetch-dest': 'document',
      },
    ],
  ])('refuses %s', (_, method, headers) => {
    expect(refusal({ method, headers }, 8000)).toBeTypeOf('string');
  });
});

interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** With headers that `fetch` would not let us set. */
function ask(
  address: string,
  path: string,
  options: { method?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<Answer> {
  const { hostname, port } = new URL(address);
  return new Promise((resolve, reject) => {
    const asking = request(
      {
        hostname,
        port,
        path,
        method: options.method ?? 'GET',
        headers: options.headers,
        agent: false,
      },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk;
        });
        response.on('end', () =>
          resolve({ status: response.statusCode, headers: response.headers, text }),
        );
      },
    );
    asking.once('error', reject).end(options.body);
  });
}

async function serving(folder: string) {
  const server = await createViewServer({ folder, port: 0, scripts });
  onTestFinished(() => server.close());
  const { text } = await ask(server.address, '/');
  const settings = /id="settings">(.*?)<\/script>/.exec(text)?.[1] ?? '{}';
  const { token } = JSON.parse(settings) as { token: string };
  const remove = (name: unknown, more: Record<string, string> = {}): Promise<Answer> =>
    ask(server.address, '/delete', {
      method: 'POST',
      headers: {
        Origin: server.address.slice(0, -1),
        'Content-Type': 'application/json',
        'X-Pushbench-Token': token,
        ...more,
      },
      body: JSON.stringify({ name }),
    });
  return { address: server.address, page: text, remove };
}

// Reports are made here, which on a busy machine takes its time.
describe('the server', { timeout: 30_000 }, () => {
  test('shows the list, a report and a comparison, each under a policy', async () => {
    const { address, page } = await serving(runsFolder({ a: recorded, b: laterRun({ sse: 1.4 }) }));
    expect(page.match(/<li class="run"/g)).toHaveLength(2);
    const list = await ask(address, '/');
    expect(list.headers['content-security-policy']).toMatch(
      /script-src 'sha256-[^;]*; .*frame-ancestors 'none'/,
    );
    const report = await ask(address, '/report?run=a');
    expect(report.status).toBe(200);
    expect(report.headers['content-security-policy']).toMatch(
      /^sandbox allow-scripts allow-downloads; default-src 'none'/,
    );
    const comparison = await ask(address, '/compare?run=b&run=a');
    expect(comparison.status).toBe(200);
    expect(comparison.text.includes('B is worse than A in SSE latency p50')).toBe(true);
    for (const { headers } of [list, report, comparison]) {
      expect(headers).toMatchObject({
        'x-content-type-options': 'nosniff',
        'cross-origin-resource-policy': 'same-origin',
        'cross-origin-opener-policy': 'same-origin',
      });
    }
  });

  test('shows the report that bench wrote, unless the run has gone on since', async () => {
    const folder = runsFolder({ a: recorded });
    const { address } = await serving(folder);
    const written = join(folder, 'a', 'report.html');
    writeFileSync(written, 'as it was written');
    utimesSync(written, new Date(), new Date(Date.now() + 5_000));
    expect((await ask(address, '/report?run=a')).text).toBe('as it was written');
    utimesSync(written, new Date(0), new Date(0));
    expect((await ask(address, '/report?run=a')).text.includes('<h1 id="verdict-title">')).toBe(
      true,
    );
  });

  test('says in words what cannot be shown', async () => {
    const folder = runsFolder({
      a: recorded,
      chat: { ...recorded, scenario: { ...recorded.scenario, name: 'chat' } },
      broken: '{',
    });
    const { address } = await serving(folder);
    const apart = await ask(address, '/compare?run=a&run=chat');
    expect([apart.status, apart.text.includes('they answer different questions')]).toEqual([
      422,
      true,
    ]);
    expect((await ask(address, '/compare?run=a')).status).toBe(422);
    const broken = await ask(address, '/report?run=broken');
    expect([broken.status, broken.text.includes('broken')]).toEqual([422, true]);
    expect((await ask(address, '/nothing')).status).toBe(404);
  });

  test.each([
    '/report?run=..',
    '/report?run=..%2f..%2fetc',
    '/report?run=%252e%252e',
    '/..%2f..%2fetc/passwd',
    '//evil',
    '/report',
  ])('finds nothing at %s', async (path) => {
    const { address } = await serving(runsFolder({ a: recorded }));
    expect((await ask(address, path)).status).toBe(404);
  });

  test('answers no other page and no other name', async () => {
    const { address } = await serving(runsFolder({ a: recorded }));
    const { host } = new URL(address);
    for (const headers of [
      { Host: 'evil.example' },
      { Host: host, Origin: 'http://evil.example' },
      { Host: host, 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'cors' },
    ]) {
      const { status, text } = await ask(address, '/', { headers });
      expect([status, text.includes('class="run"')]).toEqual([403, false]);
    }
  });

  test('deletes a run for its own page', async () => {
    const folder = runsFolder({ a: recorded, b: recorded });
    const { remove } = await serving(folder);
    expect((await remove('a')).status).toBe(204);
    expect([existsSync(join(folder, 'a')), existsSync(join(folder, 'b'))]).toEqual([false, true]);
    expect((await remove('a')).status).toBe(404);
  });

  test.each<[string, unknown, Record<string, string>, number]>([
    ['without the token', 'a', { 'X-Pushbench-Token': 'guess' }, 403],
    ['for another origin', 'a', { Origin: 'http://evil.example' }, 403],
    ['for a form', 'a', { 'Content-Type': 'text/plain' }, 403],
    ['what lies above', '..', {}, 404],
    ['the folder itself', '.', {}, 404],
    ['a link', 'linked', {}, 404],
    ['nothing', '', {}, 404],
    ['what is no name', 7, {}, 400],
    ['what is longer than a name', 'a'.repeat(10_000), {}, 400],
    ['a run that is under way', 'live', {}, 409],
  ])('deletes nothing %s', async (_, name, headers, status) => {
    const outside = runsFolder({ secret: recorded });
    const folder = runsFolder({ a: recorded, live: { ...recorded, state: 'running' } });
    symlinkSync(join(outside, 'secret'), join(folder, 'linked'));
    const { remove } = await serving(folder);
    expect((await remove(name, headers)).status).toBe(status);
    for (const path of [join(folder, 'a'), join(folder, 'live'), join(outside, 'secret')]) {
      expect(existsSync(join(path, 'run.json'))).toBe(true);
    }
  });
});

test('an export has reports, each run against the one before, and no way to delete', {
  timeout: 30_000,
}, async () => {
  const folder = runsFolder({
    '20260101-a': recorded,
    '20260102-b': laterRun(),
    '20260103-chat': { ...recorded, scenario: { ...recorded.scenario, name: 'chat' } },
    '20260104-broken': '{',
  });
  const to = join(base, 'export');
  const done = await exportViewer({ folder, to, scripts, last: 100, now: Date.now() });
  expect(done).toMatchObject({ runs: 4, all: 4, unreadable: 1 });
  const latest = { folder, to: join(base, 'latest'), scripts, last: 2, now: Date.now() };
  expect(await exportViewer(latest)).toMatchObject({ runs: 2, all: 4 });
  const list = readFileSync(done.index, 'utf8');
  expect(list.match(/<li class="run/g)).toHaveLength(4);
  expect(list).toContain('href="reports/20260101-a.html"');
  expect(list).toContain('href="compare/20260102-b.html"');
  expect(list).not.toContain('class="delete"');
  for (const file of [
    'reports/20260101-a.html',
    'reports/20260103-chat.html',
    'compare/20260102-b.html',
  ]) {
    expect(existsSync(join(to, file)), file).toBe(true);
  }
  expect(existsSync(join(to, 'compare', '20260103-chat.html'))).toBe(false);
});
