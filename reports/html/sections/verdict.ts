/** The top of the report: the answer in words, how far to trust it, and where it holds. */
import type { RunComparison, RunResult } from '../../../core/result.ts';
import { pointName } from '../../../core/result.ts';
import { formatBytes } from '../../../core/units.ts';
import { headlineComparisons } from '../../compare-arms.ts';
import { answersOf } from '../../findings/registry.ts';
import { metricOf } from '../../metrics/registry.ts';
import { describePoint, validityOf, validityText } from '../../summary.ts';
import type { ArmLook } from '../arm-look.ts';
import { headlineOf } from '../headline.ts';
import type { Content, Markup } from '../markup.ts';
import { html } from '../markup.ts';
import { shareText } from '../share-text.ts';
import { verdictTag } from '../verdict-look.ts';

export function verdictSection(run: RunResult, looks: readonly ArmLook[]): Markup {
  const nameOf = (arm: string): string => looks.find((look) => look.arm.name === arm)?.name ?? arm;
  const headline = headlineOf(run, nameOf);
  const [answer, ...more] = answersOf(run);
  // What was found comes before how the arms differ in it.
  const title = answer ?? headline.title;
  const rest = answer === undefined ? headline.rest : [...more, headline.title, ...headline.rest];
  const comparisons = headlineComparisons(run);
  return html`<section id="verdict" aria-labelledby="verdict-title">
${unfinished(run)}
<p class="question">${run.scenario.question}</p>
<h1 id="verdict-title"${title.length > LONG_TITLE ? html` class="long"` : undefined}>${title}</h1>
${rest.map((sentence) => html`<p class="rest">${sentence}</p>`)}
${findings(run, comparisons)}
${facts(run, comparisons)}
${warnings(run)}
</section>`;
}

/** Characters from which a title is a text to be read, in letters for that. */
const LONG_TITLE = 140;

/** More sentences than this and the reader would not get past them; they can be opened. */
const SENTENCES_SHOWN = 6;

function findings(run: RunResult, comparisons: readonly RunComparison[]): Content {
  return run.points.map((point) => {
    const here = comparisons.filter((one) => pointName(one.point) === pointName(point));
    if (here.length === 0) return undefined;
    const where = `At ${describePoint(run, point)}`;
    const sentences = html`<ul>${here.map(
      ({ verdict, says }) => html`<li>${verdictTag(verdict)} <span>${says}</span></li>
`,
    )}</ul>`;
    return comparisons.length > SENTENCES_SHOWN
      ? html`<details class="findings"><summary>${where}: ${here.length} sentences</summary>${sentences}</details>`
      : html`<div class="findings"><h2>${where}</h2>${sentences}</div>`;
  });
}

/** A file that says "running" was left by a process that was killed, unless that is still at it. */
function unfinished({
  state,
  trials,
  options,
  arms,
  points,
  searches,
}: RunResult): Markup | undefined {
  if (state === 'finished') return undefined;
  const planned = options.rounds * arms.length * Math.max(1, points.length);
  const what =
    state === 'running'
      ? 'This run has no end: its process was killed in the middle, or is still at it'
      : 'This run was stopped before its end';
  const whole = trials.filter(({ outcome }) => outcome === 'completed').length;
  return html`<p class="alarm" role="alert"><strong>${what}.</strong> ${whole} trials were completed, ${searches === undefined ? `${planned} were planned` : 'and the search was not over'}. What follows rests on those alone${trials.some(({ outcome, soak }) => outcome === 'failed' && soak !== undefined) ? ', and on what was looked at in the one that was cut off' : ''}.</p>`;
}

function facts(run: RunResult, comparisons: readonly RunComparison[]): Markup {
  const { state } = validityOf(run);
  const { cpu, cores, memoryBytes, os, kernel, node, virtualization, pinning } = run.environment;
  const validity = html`<span class="badge ${state}">${state.toUpperCase()}</span> ${validityText(run)}. <a href="#validity">Every check</a>`;
  const rows: readonly (readonly [string, Content])[] = [
    ['Validity', validity],
    ['Smallest visible change', detectable(run, comparisons)],
    [
      'Machine',
      [
        cpu,
        `${cores} cores`,
        formatBytes(memoryBytes),
        virtualization,
        os,
        kernel,
        `Node ${node}`,
        `pinning: ${pinning}`,
      ]
        .filter((part) => part !== undefined)
        .join(' · '),
    ],
  ];
  return html`<dl class="facts">${rows.map(
    ([term, says]) => html`<div><dt>${term}</dt><dd>${says}</dd></div>
`,
  )}</dl>`;
}

/** What an "unclear" rules out, and what it does not. */
function detectable(run: RunResult, comparisons: readonly RunComparison[]): Content {
  const known = comparisons.filter((one) => one.detectable !== undefined);
  if (known.length === 0) return 'not known: it takes at least 6 valid rounds';
  const byMetric = new Map<string, number[]>();
  for (const { metric, detectable: change = 0 } of known) {
    byMetric.set(metric, [...(byMetric.get(metric) ?? []), change]);
  }
  const parts = [...byMetric].map(([metric, changes]) => {
    const [low, high] = [Math.min(...changes), Math.max(...changes)].map(shareText);
    return `${metricOf(metric)?.title ?? metric} ${low === high ? low : `${low} to ${high}`}`;
  });
  return `${parts.join(' · ')}; found 8 times in 10. Differences below ${shareText(run.options.margin)} do not matter by the margin of this run.`;
}

function warnings({ warnings: found }: RunResult): Markup | undefined {
  if (found.length === 0) return undefined;
  return html`<div class="warnings"><h2>${found.length === 1 ? 'One warning' : `${found.length} warnings`}</h2>
<ul>${found.map(
    ({ says, hint }) => html`<li>${says} <span class="hint">${hint}</span></li>
`,
  )}</ul></div>`;
}
