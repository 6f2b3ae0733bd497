/**
 * The page of the history, as one document with its data, its chart library and its script inside: the
 * same on a server and as a file. It may run exactly those scripts, and talk to nobody.
 */
import { chartLibraries, inlineScript } from '../html/bundles.ts';
import { HISTORY_DATA, historyChart } from '../html/charts/history.ts';
import { html, jsonText, Markup } from '../html/markup.ts';
import { pageHead, pagePolicy } from '../html/page-head.ts';
import type { HistoryData } from './history-data.ts';
import { historyStyle } from './history-style.ts';

export interface HistoryPageOptions {
  /** As it was compiled. */
  readonly script: string;
  /** Where the list of runs is. */
  readonly home: string;
}

export interface HistoryPage {
  readonly text: string;
  /** Everything but `frame-ancestors`, which only a header can say. */
  readonly policy: string;
}

export function renderHistoryPage(
  data: HistoryData,
  { script, home }: HistoryPageOptions,
): HistoryPage {
  const libraries = chartLibraries();
  const own = inlineScript(script);
  const policy = pagePolicy([...libraries, own]);
  const none = data.groups.length === 0;
  const text = html`${pageHead('History · pushbench', policy, historyStyle)}
<body>
<a class="skip" href="#box">Skip to the chart</a>
<header><span>pushbench · history</span><a href="${home}">All runs</a></header>
<main>
<h1>History</h1>
<p class="question">${countText(data)}</p>
<p${none ? undefined : html` hidden`}>A finished run of a single load is noted down here: <code>npm run bench</code> makes one.</p>
<div id="drawn"${none ? html` hidden` : undefined}>
<div class="picks">
<label>Series <select id="series"></select></label>
<label>Arm <select id="arm"></select></label>
<label>Metric <select id="metric"></select></label>
</div>
<p id="explain"></p>
<div id="box" tabindex="0" role="group" aria-label="Chart of the history" aria-describedby="keys"><div class="chart" id="chart"></div></div>
<p class="point" id="point" role="status"></p>
<p class="keys" id="keys">With the chart in focus: ← → from run to run, Home and End, Page Up and Page Down from change to change, Enter opens the report.</p>
<section aria-labelledby="changes-title"><h2 id="changes-title">Changes</h2><p id="changes-say"></p><ol class="changes" id="changes"></ol></section>
<details class="data" id="data"><summary>The data of this chart as a table</summary><div class="scroll"><table><thead><tr><th>run</th><th>started</th><th>build</th><th class="figures">value</th></tr></thead><tbody id="rows"></tbody></table></div></details>
</div>
</main>
<noscript><p class="note">The history is drawn by a script; without one, see history.jsonl in the folder of the runs.</p></noscript>
<script type="application/json" id="history">${jsonText({ ...data, spec: historyChart(), names: HISTORY_DATA })}</script>
${libraries.map(
  (library) => html`<script>${new Markup(library)}</script>
`,
)}<script type="module">${new Markup(own)}</script>
</body>
</html>
`.toString();
  return { text, policy };
}

function countText({ entries, groups, unreadable }: HistoryData): string {
  const number = (count: number, one: string, many: string): string =>
    `${count.toLocaleString('en-US')} ${count === 1 ? one : many}`;
  const skipped =
    unreadable === 0
      ? ''
      : ` ${number(unreadable, 'line', 'lines')} of history.jsonl cannot be read and ${unreadable === 1 ? 'is' : 'are'} left out.`;
  return `${number(entries, 'run', 'runs')} in ${number(groups.length, 'series', 'series')}: one for each scenario, load and machine.${skipped}`;
}
