/** The viewer's server: the list of runs, their reports and comparisons, on 127.0.0.1 and for nobody else. */
import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname } from 'node:path';
import { HarnessError, reasonOf } from '../../core/errors.ts';
import { refusal, refusalOfChange } from './guard.ts';
import { historyData, historyIn, historyStamp } from './history-data.ts';
import type { HistoryPage } from './history-page.ts';
import { renderHistoryPage } from './history-page.ts';
import type { PageScripts } from './list-page.ts';
import { listPolicy, renderListPage } from './list-page.ts';
import type { RowLinks } from './list-row.ts';
import { isLive, listRow } from './list-row.ts';
import { createNews } from './news.ts';
import { comparisonOf, problemPage, reportOf } from './pages.ts';
import type { IndexedRun } from './run-index.ts';
import { createRunIndex } from './run-index.ts';

export interface ViewServerOptions {
  readonly folder: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly scripts: PageScripts;
  /** How often the folder is looked at while a page is open. */
  readonly everyMs?: number;
  readonly now?: () => number;
}

export interface ViewServer {
  readonly address: string;
  close(): Promise<void>;
}

const HOST = '127.0.0.1';
/** No more than a name; a longer one is not of ours. */
const LONGEST_BODY = 4_096;

const COMMON = {
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cache-Control': 'no-store',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Cross-Origin-Opener-Policy': 'same-origin',
};

/**
 * Reports may have come with a run from anywhere. In a sandbox they have an origin of their own, so that
 * a script in one can neither ask the viewer for anything nor send anything to anybody.
 */
const SANDBOX = [
  'sandbox allow-scripts allow-downloads',
  "default-src 'none'",
  "script-src 'unsafe-inline'",
  "style-src 'unsafe-inline'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const links: RowLinks = {
  report: (name) => `report?run=${encodeURIComponent(name)}`,
  canDelete: true,
};
const history = 'history';

/** @throws the error of Node when it cannot listen */
export async function createViewServer(options: ViewServerOptions): Promise<ViewServer> {
  const { folder, scripts, everyMs = 1_000, now = Date.now } = options;
  const token = randomBytes(18).toString('base64url');
  const index = createRunIndex(folder);
  const news = createNews(index, (run) => listRow(run, links, now()).toString(), everyMs);
  const policy = `${listPolicy(scripts.list)}; frame-ancestors 'none'`;

  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      if (response.headersSent) response.destroy();
      else sendProblem(response, 500, 'That went wrong', `${reasonOf(error)}.`, '');
    });
  });
  const port = await listening(server, options.port);
  // The first look takes a few seconds for a thousand runs: better before anybody waits for it. What goes
  // wrong here goes wrong again, and is told, when the list is asked for.
  index.refresh().catch(() => undefined);

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = 'GET', headers } = request;
    const refused = refusal({ method, headers }, port);
    if (refused !== undefined) return sendText(response, 403, refused);
    const url = parsed(request.url ?? '/');
    const route = `${method} ${url?.pathname ?? ''}`;
    switch (url === undefined ? '' : route) {
      case 'GET /':
        return await sendList(response);
      case 'GET /history':
        return await sendHistory(response);
      case 'GET /report':
        return await sendReport(url?.searchParams.get('run') ?? '', response);
      case 'GET /compare':
        return await sendComparison(url?.searchParams ?? new URLSearchParams(), response);
      case 'GET /events':
        return news.subscribe(response, COMMON, Number(url?.searchParams.get('since') ?? 0) || 0);
      case 'POST /delete':
        return await remove(request, response);
      default:
        return sendProblem(response, 404, 'No such page', 'The viewer has no such page.', '');
    }
  }

  async function sendList(response: ServerResponse): Promise<void> {
    const runs = [...(await index.refresh()).values()];
    const live = { token, revision: index.revision() };
    const script = scripts.list;
    const page = renderListPage(runs, { script, links, history, live, folder, now: now() });
    sendHtml(response, 200, page, policy);
  }

  /** The last page of the history, and what it was made of: change points of many runs take seconds. */
  let drawn: { readonly of: string; readonly page: HistoryPage } | undefined;

  async function sendHistory(response: ServerResponse): Promise<void> {
    const runs = [...(await index.refresh()).values()];
    const of = JSON.stringify([await historyStamp(folder), index.revision(), runs.length]);
    const page = drawn?.of === of ? drawn.page : await drawHistory(runs);
    drawn = { of, page };
    sendHtml(response, 200, page.text, `${page.policy}; frame-ancestors 'none'`);
  }

  async function drawHistory(runs: readonly IndexedRun[]): Promise<HistoryPage> {
    const data = await historyData(await historyIn(folder), runs, links.report);
    return renderHistoryPage(data, { script: scripts.history, home: './' });
  }

  async function sendReport(name: string, response: ServerResponse): Promise<void> {
    const path = await index.pathOf(name);
    if (path === undefined) return sendNoRun(response, name);
    await guarded(response, async () => sendHtml(response, 200, await reportOf(path), SANDBOX));
  }

  async function sendComparison(query: URLSearchParams, response: ServerResponse): Promise<void> {
    const names = query.getAll('run').sort();
    const paths: string[] = [];
    for (const name of names) {
      const path = await index.pathOf(name);
      if (path === undefined) return sendNoRun(response, name);
      paths.push(path);
    }
    await guarded(response, async () =>
      sendHtml(response, 200, comparisonOf(paths, query.get('anyway') === '1'), SANDBOX),
    );
  }

  async function remove(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const refused = refusalOfChange({ method: 'POST', headers: request.headers }, token);
    if (refused !== undefined) return sendText(response, 403, refused);
    const name = await nameIn(request);
    if (name === undefined) return sendText(response, 400, 'That names no run.');
    const path = await index.pathOf(name);
    if (path === undefined) return sendText(response, 404, 'There is no such run any more.');
    const known = (await index.refresh()).get(name);
    if (known !== undefined && isLive(known, now())) {
      return sendText(response, 409, 'It is still running: end its bench first, with Ctrl-C.');
    }
    try {
      // Links inside are removed, and not what they point to.
      await rm(dirname(path), { recursive: true });
    } catch (error) {
      return sendText(response, 500, `It could not be deleted: ${reasonOf(error)}.`);
    }
    response.writeHead(204, COMMON).end();
  }

  return {
    address: `http://${HOST}:${port}/`,
    async close() {
      news.close();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

function listening(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, HOST, () => {
      server.removeListener('error', reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

/** Only the path and the query count; what is no path, such as the address of another host, has no page. */
function parsed(target: string): URL | undefined {
  try {
    return target.startsWith('/') ? new URL(`http://${HOST}${target}`) : undefined;
  } catch {
    return undefined;
  }
}

/** A run that cannot be read, or runs that cannot be compared: two lines, as on the terminal. */
async function guarded(response: ServerResponse, send: () => Promise<void>): Promise<void> {
  try {
    await send();
  } catch (error) {
    if (!(error instanceof HarnessError)) throw error;
    sendProblem(response, 422, 'That cannot be shown', error.message, error.hint);
  }
}

async function nameIn(request: IncomingMessage): Promise<string | undefined> {
  let text = '';
  for await (const chunk of request) {
    text += String(chunk);
    if (text.length > LONGEST_BODY) return undefined;
  }
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || !('name' in value)) return undefined;
    return typeof value.name === 'string' ? value.name : undefined;
  } catch {
    return undefined;
  }
}

function sendHtml(response: ServerResponse, status: number, page: string, policy: string): void {
  response
    .writeHead(status, {
      ...COMMON,
      'Content-Type': 'text/html; charset=utf-8',
      'Content-Security-Policy': policy,
    })
    .end(page);
}

function sendText(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { ...COMMON, 'Content-Type': 'text/plain; charset=utf-8' }).end(text);
}

function sendNoRun(response: ServerResponse, name: string): void {
  sendProblem(
    response,
    404,
    'No such run',
    `There is no run '${name}' here.`,
    'It may have been deleted.',
  );
}

function sendProblem(
  response: ServerResponse,
  status: number,
  title: string,
  says: string,
  hint: string,
): void {
  sendHtml(response, status, problemPage(title, says, hint, './'), SANDBOX);
}
