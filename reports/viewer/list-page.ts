/**
 * The page that lists all runs, as one document with its style and script inside: the same on a server
 * and as a file. It may run exactly that script, and talk to nobody but the server it came from.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inlineScript } from '../html/bundles.ts';
import { html, jsonText, Markup } from '../html/markup.ts';
import { pageHead, pagePolicy } from '../html/page-head.ts';
import type { RowLinks } from './list-row.ts';
import { listRow } from './list-row.ts';
import { listStyle } from './list-style.ts';
import type { IndexedRun } from './run-index.ts';

export interface ListPageOptions {
  /** As it was compiled. */
  readonly script: string;
  readonly links: RowLinks;
  /** Where the page of the history is. */
  readonly history: string;
  /** Undefined in an export, which has no server behind it. */
  readonly live?: {
    /** Shown in deletions. */
    readonly token: string;
    /** Of the index when the page was made. */
    readonly revision: number;
  };
  readonly folder: string;
  readonly now: number;
}

/** What the script of the page has to know. */
interface PageSettings {
  readonly live: boolean;
  readonly token: string;
  readonly revision: number;
}

/** Of the pages, as they were compiled. */
export interface PageScripts {
  readonly list: string;
  readonly history: string;
}

/**
 * @param folder of the package
 * @throws the error of Node when it has not been built
 */
export function readPageScripts(folder: string): PageScripts {
  const read = (name: string): string =>
    readFileSync(join(folder, 'dist', 'reports', 'viewer', 'page', name), 'utf8');
  return { list: read('page.js'), history: read('history.js') };
}

/** Everything but `frame-ancestors`, which only a header can say. */
export const listPolicy = (script: string): string => pagePolicy([inlineScript(script)], 'self');

export function renderListPage(runs: readonly IndexedRun[], options: ListPageOptions): string {
  const { script, links, history, live, folder, now } = options;
  const settings: PageSettings = {
    live: live !== undefined,
    token: live?.token ?? '',
    revision: live?.revision ?? 0,
  };
  const scenarios = [
    ...new Set(runs.flatMap(({ entry }) => (entry.kind === 'run' ? [entry.scenario] : []))),
  ].sort();
  return html`${pageHead(`${runs.length} runs · pushbench`, listPolicy(script), listStyle)}
<body>
<a class="skip" href="#runs">Skip to the runs</a>
<header><span>pushbench · runs</span><a href="${history}">History</a><span><code>${folder}</code></span></header>
<main>
<h1>Runs</h1>
<div class="filters" role="search">
<label>Search <input type="search" id="search" placeholder="scenario, arm, verdict, commit …" autocomplete="off" spellcheck="false"></label>
<label>Scenario <select id="scenario"><option value="">all</option>${scenarios.map((name) => html`<option>${name}</option>`)}</select></label>
<label>State <select id="state"><option value="">all</option>${STATES.map(([value, title]) => html`<option value="${value}">${title}</option>`)}</select></label>
<output id="count" aria-live="polite"></output>
</div>
<form id="picked" action="compare" method="get">
<ul class="runs" id="runs" tabindex="-1">${runs.map((run) => listRow(run, links, now))}</ul>
<p id="nothing"${runs.length > 0 ? html` hidden` : undefined}>There are no runs here yet. <code>npm run bench</code> makes one.</p>
<p id="no-match" hidden>No run matches. <button type="button" id="clear">Show all</button></p>
<div class="bar" id="bar" hidden><span id="bar-says" aria-live="polite"></span>
<label id="anyway-label" hidden><input type="checkbox" name="anyway" value="1" id="anyway"> compare although the machines differ</label>
<button type="submit" id="compare">Compare</button> <button type="button" id="unpick">Clear</button></div>
</form>
<dialog id="confirm" aria-labelledby="confirm-title"><h2 id="confirm-title">Delete this run?</h2>
<p><code id="confirm-name"></code></p><p>Its run file and its reports are removed from the disk for good.</p>
<p class="says" id="confirm-says" role="alert"></p>
<div class="buttons"><button type="button" id="confirm-no">Keep it</button> <button type="button" id="confirm-yes">Delete it</button></div></dialog>
</main>
<noscript><p class="note">Without a script, runs can be opened and compared, but not searched.</p></noscript>
<script type="application/json" id="settings">${jsonText(settings)}</script>
<script type="module">${new Markup(inlineScript(script))}</script>
</body>
</html>
`.toString();
}

const STATES = [
  ['valid', 'valid'],
  ['suspect', 'suspect'],
  ['invalid', 'invalid'],
  ['live', 'running'],
  ['unfinished', 'unfinished'],
  ['unreadable', 'cannot be read'],
] as const;
