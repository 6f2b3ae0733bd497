/** A study as one HTML page that opens from a disk: the heat map, what to do, and a sentence for every cell. */
import type { Study } from '../../core/records/study.ts';
import { renderDocument } from '../html/document.ts';
import { figure } from '../html/figure.ts';
import type { Content, Markup } from '../html/markup.ts';
import { html, jsonText } from '../html/markup.ts';
import { RUN_ID } from '../html/sections/again.ts';
import { timeText } from '../html/sections/conditions.ts';
import { table, words } from '../html/table.ts';
import { GRADES, heatMap } from './heat-map.ts';
import { cellAt, rowsOf, shortOf, unfinished } from './study-text.ts';

const TITLES = {
  proxies: 'What proxies do to streams',
  keepalive: 'Which heartbeat keeps a stream open',
} as const;

/** The same study gives the same page, byte for byte. */
export function renderStudyPage(study: Study): string {
  const title = TITLES[study.study];
  return renderDocument({
    title: `${title} · pushbench`,
    header: html`<span>pushbench · ${study.study}</span><span>${timeText(study.startedAt)} · ${study.id}</span>`,
    main: [
      html`<section id="verdict" aria-labelledby="verdict-title"><h1 id="verdict-title">${title}</h1>
${study.state === 'finished' ? undefined : html`<p class="alarm">${unfinished(study)}</p>`}
${study.advice.length === 0 ? undefined : html`<ul>${study.advice.map((one) => html`<li>${one}</li>`)}</ul>`}
${study.skipped.map(({ what, says }) => html`<p class="note">Not measured: ${what}: ${says}.</p>`)}</section>`,
      mapSection(study),
      findingsSection(study),
      conditionsSection(study),
      againSection(study),
    ],
    footer: html`Made by pushbench ${study.tool.version} from the study file ${study.id}. Nothing was measured again for it.`,
  });
}

function mapSection(study: Study): Markup {
  return html`<section id="map" aria-labelledby="map-title"><h2 id="map-title">At a glance</h2>
${figure({
  id: 'heat-map',
  title: 'Every route and measure',
  lookFor: `Green is as it should be, yellow is to know of, red is in the way of a stream, and grey is neither good nor bad.${study.repeats > 1 ? ` A question mark is where the ${study.repeats} repeats disagree.` : ''}`,
  panels: [
    {
      id: 'heat-map-chart',
      label: `Heat map of ${study.routes.length} routes by ${study.measures.length} measures`,
      spec: heatMap(study),
    },
  ],
  data: table({
    label: 'Every cell',
    columns: [words('path'), ...study.measures.map(({ title }) => words(title))],
    rows: rowsOf(study).map(({ route, transport }): Content[] => [
      `${route} ${transport}`,
      ...study.measures.map(({ name }): Content => {
        const judged = cellAt(study.cells, name, route, transport)?.judgement;
        if (judged === undefined) return '–';
        return `${shortOf(judged)} (${GRADES[judged.grade].title})`;
      }),
    ]),
  }),
})}</section>`;
}

function findingsSection(study: Study): Markup {
  const parts = study.measures.map(
    ({ name, title, question }) => html`<h3>${title}</h3><p>${question}</p>
${table({
  label: `${title}: what was found`,
  columns: [words('path'), words('found'), words('how it lies')],
  rows: rowsOf(study).flatMap(({ route, transport }): Content[][] => {
    const judged = cellAt(study.cells, name, route, transport)?.judgement;
    if (judged === undefined) return [];
    const says = html`${judged.says}${judged.disagree === undefined ? undefined : html` <strong>${judged.disagree}</strong>`}`;
    return [[`${route} ${transport}`, says, GRADES[judged.grade].title]];
  }),
})}`,
  );
  return html`<section id="findings" aria-labelledby="findings-title"><h2 id="findings-title">Findings</h2>${parts}</section>`;
}

function conditionsSection({ environment, records, repeats, startedAt }: Study): Markup {
  const facts: readonly (readonly [string, Content])[] = [
    ['Machine', `${environment.cpu}, ${environment.cores} cores`],
    ['System', `${environment.os}, ${environment.kernel}, Node ${environment.node}`],
    ['Repeats', String(repeats)],
    ['Begun', timeText(startedAt)],
  ];
  return html`<section id="conditions" aria-labelledby="conditions-title"><h2 id="conditions-title">Conditions</h2>
<dl class="facts">${facts.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>
${records.map(
  ({ name, says, version, config = '' }) =>
    html`<details class="data"><summary>${name}: ${says}${version === undefined ? undefined : `, version ${version}`}</summary><pre tabindex="0" aria-label="Configuration of ${name}"><code>${config}</code></pre></details>`,
)}</section>`;
}

function againSection(study: Study): Markup {
  return html`<section id="again" aria-labelledby="again-title"><h2 id="again-title">Do it again</h2>
<pre tabindex="0" aria-label="Command of this study"><code>${study.command}</code></pre>
<p><a class="button" id="download" href="#again" download="${study.id}.json">Download the study file (JSON)</a></p>
<script type="application/json" id="${RUN_ID}">${jsonText(study)}</script>
</section>`;
}
