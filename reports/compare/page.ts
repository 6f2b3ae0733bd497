/** A comparison of runs as one HTML page that opens from a disk, made of the parts of which reports are made. */
import type { Point, RunResult } from '../../core/result.ts';
import { pointName } from '../../core/result.ts';
import { formatChange } from '../../core/units.ts';
import { renderDocument } from '../html/document.ts';
import type { Content, Markup } from '../html/markup.ts';
import { html, jsonText } from '../html/markup.ts';
import { RUN_ID } from '../html/sections/again.ts';
import { timeText } from '../html/sections/conditions.ts';
import { shareText } from '../html/share-text.ts';
import { figures, table, words } from '../html/table.ts';
import { verdictTag } from '../html/verdict-look.ts';
import { formatMetric } from '../metric.ts';
import { metricOf } from '../metrics/registry.ts';
import { pointText } from '../param-text.ts';
import type { ArmView } from './figures.ts';
import { changesOf, forestFigure, trialsFigure } from './figures.ts';
import { headlineChanges, headlineOfRuns } from './headline.ts';
import type { RunLook } from './run-look.ts';
import { runLooks, runTag } from './run-look.ts';
import type { Change, ComparedArm, RunsComparison } from './runs-comparison.ts';
import { intervalText } from './sentences.ts';
import type { Setting } from './settings.ts';
import { spectrumFigures } from './spectrum.ts';

/** The same run files give the same page, byte for byte. */
export function renderComparisonPage(
  runs: readonly RunResult[],
  comparison: RunsComparison,
): string {
  const looks = runLooks(runs);
  return renderDocument({
    title: `${comparison.scenario}: ${comparison.runs.map(({ id }) => id).join(', ')} · pushbench`,
    header: html`<span>pushbench · ${comparison.scenario} · ${comparison.runs.length} runs compared</span>`,
    main: [
      verdictSection(comparison, looks),
      settingsSection(comparison, looks),
      resultsSection(comparison, looks),
      rawSection(comparison),
    ],
    footer: html`Made by pushbench from ${comparison.runs.length} run files. Nothing was measured again for it.`,
  });
}

function verdictSection(comparison: RunsComparison, looks: readonly RunLook[]): Markup {
  const { title, rest } = headlineOfRuns(comparison);
  const said = comparison.runs
    .slice(1)
    .flatMap(({ letter }) => headlineChanges(comparison, letter));
  const apart = comparison.machines.length > 0;
  const [first, ...others] = comparison.cautions;
  const alarm = apart ? first : undefined;
  const cautions = apart ? others : comparison.cautions;
  return html`<section id="verdict" aria-labelledby="verdict-title">
${alarm === undefined ? undefined : html`<p class="alarm" role="alert">${alarm}</p>`}
<p class="question">${comparison.question}</p>
<h1 id="verdict-title">${unbroken(title)}</h1>
${rest.map((sentence) => html`<p class="rest">${unbroken(sentence)}</p>`)}
${table({
  label: 'The runs',
  columns: [
    words('run'),
    words('id'),
    words('started'),
    words('validity'),
    words('build'),
    words('found by itself'),
  ],
  rows: looks.map((look, index) => {
    const run = comparison.runs[index];
    const { state = 'invalid', counts } = run?.validity ?? {};
    return [
      runTag(look),
      html`<code>${look.run.id}</code>`,
      timeText(look.run.startedAt),
      html`<span class="badge ${state}">${state.toUpperCase()}</span> <small>${counts?.valid} valid, ${counts?.suspect} suspect, ${counts?.invalid} invalid; ${counts?.excluded} left out</small>`,
      `${look.run.tool.version}${look.run.tool.commit === undefined ? '' : `, ${look.run.tool.commit}`}`,
      run?.verdict,
    ];
  }),
})}
${sentences(said)}
${
  cautions.length === 0
    ? undefined
    : html`<div class="warnings"><h2>What to know first</h2><ul>${cautions.map(
        (text) => html`<li>${text}</li>
`,
      )}</ul></div>`
}</section>`;
}

/** A figure and its percent sign stay on one line. */
const unbroken = (text: string): string => text.replaceAll(' %', '\u00a0%');

/** More than this and a reader would not get past them. */
const SENTENCES_SHOWN = 10;

function sentences(changes: readonly Change[]): Content {
  if (changes.length === 0) return undefined;
  const list = html`<ul>${changes.map(
    ({ verdict, says }) => html`<li>${verdictTag(verdict)} <span>${says}</span></li>
`,
  )}</ul>`;
  return changes.length > SENTENCES_SHOWN
    ? html`<details class="findings"><summary>${changes.length} sentences</summary>${list}</details>`
    : html`<div class="findings">${list}</div>`;
}

function settingsSection({ settings }: RunsComparison, looks: readonly RunLook[]): Markup {
  const { shared, different } = settings;
  return html`<section id="settings" aria-labelledby="settings-title"><h2 id="settings-title">Settings</h2>
<h3>What differs</h3>
${
  different.length === 0
    ? html`<p>Nothing: load, method, build and machine are the same.</p>`
    : table({
        label: 'Settings that differ',
        columns: [words('setting'), ...looks.map((look) => words(runTag(look)))],
        rows: different.map(({ name, values }) => [name, ...values]),
      })
}
<details class="data"><summary>What all of them share: ${shared.length} settings</summary>${table({
    label: 'Settings that all runs share',
    columns: [words('setting'), words('value')],
    rows: shared.map(({ name, values }: Setting) => [name, values[0] ?? '']),
    unseenHead: true,
  })}</details>
</section>`;
}

function resultsSection(comparison: RunsComparison, looks: readonly RunLook[]): Markup {
  const parts = comparison.points.flatMap((point, pointIndex) =>
    comparison.arms.map((arm, armIndex) =>
      armPart(comparison, looks, arm, point, `-${pointIndex}-${armIndex}`),
    ),
  );
  return html`<section id="results" aria-labelledby="results-title"><h2 id="results-title">Results</h2>
${parts.length === 0 ? html`<p>The runs share no point at which both were measured.</p>` : parts}</section>`;
}

/** The floor is there for those who ask; a candidate is what the runs are about. */
function armPart(
  comparison: RunsComparison,
  looks: readonly RunLook[],
  arm: ComparedArm,
  point: Point,
  suffix: string,
): Markup {
  const view: ArmView = {
    comparison,
    looks: looks.filter(({ letter }) => arm.runs.includes(letter)),
    arm,
    point,
    suffix,
  };
  const where = pointName(point) === '' ? '' : ` at ${pointText(comparison, point)}`;
  const missing = comparison.runs.filter(({ letter }) => !arm.runs.includes(letter));
  return html`<details class="point"${arm.role === 'floor' ? undefined : html` open`}><summary>${arm.title}${where}${arm.role === 'floor' ? ' (the floor)' : ''}</summary>
${missing.length === 0 ? undefined : html`<p class="note">Not in ${missing.map(({ letter }) => letter).join(', ')}.</p>`}
${forestFigure(view)}
${spectrumFigures(view)}
${trialsFigure(view)}
${everyMetric(view)}
</details>`;
}

function everyMetric(view: ArmView): Markup | undefined {
  const changes = changesOf(view);
  if (changes.length === 0) return undefined;
  return html`<div class="block"><h3>${view.arm.title}: every metric</h3>
<p class="intro">Changes are ratios of geometric means over the trials that count; the runs are not paired by round. “Detectable” is the smallest change that these trials would have shown 8 times in 10. Metrics marked ● are what the scenario is about; of the exploratory rest, one in twenty looks different by chance alone. A dash beneath a run means too few events for one figure of all its trials.</p>
<details class="data"><summary>All ${changes.length} of them</summary>${table({
    label: `Every metric of ${view.arm.title}`,
    columns: [
      words('metric'),
      words('run'),
      figures('A'),
      figures('run'),
      figures('change'),
      figures('95 % interval'),
      figures('trials'),
      figures('detectable'),
      words('verdict'),
    ],
    rows: changes.map((one) => {
      const metric = metricOf(one.metric);
      const unit = metric?.unit ?? 'count';
      return [
        metricCell(one),
        one.run,
        formatMetric(unit, one.valueAgainst),
        formatMetric(unit, one.value),
        one.ratio === undefined ? '–' : formatChange(one.ratio),
        intervalText(one.low, one.high),
        one.trials === one.trialsAgainst ? one.trials : `${one.trials} / ${one.trialsAgainst}`,
        one.detectable === undefined ? '–' : shareText(one.detectable),
        verdictTag(one.verdict),
      ];
    }),
  })}</details></div>`;
}

function metricCell({ metric, headline }: Change): Content {
  const known = metricOf(metric);
  if (known === undefined) return metric;
  const title = headline ? html`<b>● ${known.title}</b>` : known.title;
  return html`<span title="${known.explain}">${title}</span> <small>${known.better === 'lower' ? 'lower is better' : 'higher is better'}</small>`;
}

function rawSection(comparison: RunsComparison): Markup {
  return html`<section id="again" aria-labelledby="again-title"><h2 id="again-title">Again, and elsewhere</h2>
<p>The same comparison:</p>
<pre tabindex="0" aria-label="Command of this comparison"><code>npm run compare -- ${comparison.runs.map(({ id }) => id).join(' ')}${comparison.anyway ? ' --anyway' : ''}</code></pre>
<p><a class="button" id="download" href="#again" download="compare-${comparison.runs.map(({ id }) => id).join('-')}.json">Download the comparison (JSON)</a></p>
<script type="application/json" id="${RUN_ID}">${jsonText(comparison)}</script>
</section>`;
}
