/** Tells open pages which runs have changed, as server-sent events; looks at the folder only while one is open. */
import type { ServerResponse } from 'node:http';
import type { IndexedRun, RunIndex } from './run-index.ts';

export interface News {
  /**
   * Keeps the response open and writes to it whatever has changed since a revision of the index, which is
   * that of the page: what happens between its making and this call is told first.
   */
  subscribe(
    response: ServerResponse,
    headers: Readonly<Record<string, string>>,
    since: number,
  ): void;
  close(): void;
}

type Runs = ReadonlyMap<string, IndexedRun>;

/**
 * @param render a row of the page
 * @param everyMs how often the folder is looked at
 */
export function createNews(
  index: RunIndex,
  render: (run: IndexedRun) => string,
  everyMs: number,
): News {
  /** Who listens, and what each has been told of last; nothing yet for those who have just come. */
  const listeners = new Map<ServerResponse, { since: number; told: Runs | undefined }>();
  let timer: NodeJS.Timeout | undefined;

  async function look(): Promise<void> {
    const runs = await index.refresh();
    for (const [response, listener] of listeners) {
      const { since, told } = listener;
      const rows = [...runs.values()]
        .filter(({ revision }) => revision > since)
        .map((run) => ({ name: run.entry.name, html: render(run) }));
      // The first time nobody knows which rows the page has: it is told all that there should be.
      const names = told === undefined ? [...runs.keys()] : undefined;
      const gone = told === undefined ? [] : [...told.keys()].filter((name) => !runs.has(name));
      listener.told = runs;
      listener.since = index.revision();
      if (names === undefined && rows.length === 0 && gone.length === 0) continue;
      response.write(`data: ${JSON.stringify({ rows, gone, names })}\n\n`);
    }
  }

  function next(afterMs: number): void {
    timer = setTimeout(() => {
      look()
        // The folder could not be read this time; pages keep what they show.
        .catch(() => undefined)
        .finally(() => {
          if (listeners.size > 0) next(everyMs);
          else timer = undefined;
        });
    }, afterMs);
    timer.unref();
  }

  return {
    subscribe(response, headers, since) {
      response.writeHead(200, { ...headers, 'Content-Type': 'text/event-stream' });
      response.write(': open\n\n');
      // A page of an earlier viewer counts in numbers of its own: it is told everything.
      listeners.set(response, { since: since > index.revision() ? 0 : since, told: undefined });
      response.once('close', () => listeners.delete(response));
      if (timer === undefined) next(0);
    },
    close() {
      clearTimeout(timer);
      for (const response of listeners.keys()) response.end();
      listeners.clear();
    },
  };
}
