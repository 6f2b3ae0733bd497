/** A run as one HTML page that opens from a disk: what is in it, in the order in which it is read. */
import type { RunResult } from '../../core/result.ts';
import { findingsOf } from '../findings/registry.ts';
import type { ArmLook } from '../html/arm-look.ts';
import { armLooks } from '../html/arm-look.ts';
import { renderDocument } from '../html/document.ts';
import type { Content, Markup } from '../html/markup.ts';
import { html } from '../html/markup.ts';
import { againSection } from '../html/sections/again.ts';
import { conditionsSection, timeText } from '../html/sections/conditions.ts';
import { costSection } from '../html/sections/cost.ts';
import { deliverySection } from '../html/sections/delivery.ts';
import { comparisonTables, differencesFigure } from '../html/sections/differences.ts';
import { percentileFigures } from '../html/sections/percentiles.ts';
import { roundsFigure } from '../html/sections/rounds.ts';
import { spreadFigure } from '../html/sections/spread.ts';
import { sweepFigure } from '../html/sections/sweep.ts';
import { timelineFigure } from '../html/sections/timeline.ts';
import { tripsSection } from '../html/sections/trips.ts';
import { validitySection } from '../html/sections/validity.ts';
import { verdictSection } from '../html/sections/verdict.ts';
import type { View } from '../html/view.ts';
import { describePoint } from '../summary.ts';

/** The same run file gives the same page, byte for byte. */
export function renderHtml(run: RunResult): string {
  const looks = armLooks(run);
  const found = [
    resultsSection(run, looks),
    validitySection(run),
    conditionsSection(run, looks),
    againSection(run),
  ];
  return renderDocument({
    title: `${run.scenario.name}: ${looks.map(({ name }) => name).join(', ')} · pushbench`,
    header: html`<span>pushbench · ${run.scenario.name}</span><span>${timeText(run.startedAt)} · ${run.id}</span>`,
    main: [verdictSection(run, looks), contents(found), found],
    footer: html`Made by pushbench ${run.tool.version} from the run file ${run.id}. Nothing was measured again for it.`,
  });
}

function resultsSection(run: RunResult, looks: readonly ArmLook[]): Markup {
  const sweeping = run.points.length > 1;
  const points = run.points.map((point, index) => {
    const view: View = { run, looks, point, suffix: sweeping ? `-at-${index + 1}` : '' };
    return sweeping
      ? html`<details class="point" id="point-${index + 1}"${index === 0 ? html` open` : undefined}><summary>At ${describePoint(run, point)}</summary>${results(view)}</details>`
      : results(view);
  });
  return html`<section id="results" aria-labelledby="results-title"><h2 id="results-title">Results</h2>
${findingsOf(run).map((finding) => finding.overview?.(run, looks))}
${sweeping ? sweepFigure(run, looks) : undefined}
${points}</section>`;
}

/** All that is said about one point; a part that has nothing to show is left out. */
function results(view: View): Content {
  const parts = [
    ...findingsOf(view.run).map((finding) => finding.figure(view)),
    differencesFigure(view),
    ...percentileFigures(view),
    spreadFigure(view),
    roundsFigure(view),
    timelineFigure(view),
    deliverySection(view),
    tripsSection(view),
    costSection(view),
    comparisonTables(view),
  ];
  const present = parts.filter((part) => part !== undefined);
  return present.length === 0 ? html`<p>No trial was completed here.</p>` : present;
}

const CONTENTS = [
  ['capacity', 'Capacity'],
  ['sizes', 'Sizes'],
  ['heartbeat', 'Silence'],
  ['idle', 'At rest'],
  ['soak', 'Soak'],
  ['stall', 'Stall'],
  ['sweep', 'Sweep'],
  ['point-1', 'Each point'],
  ['differences', 'Differences'],
  ['percentiles', 'Percentiles'],
  ['spread', 'Spread'],
  ['rounds', 'Rounds'],
  ['timeline', 'Time'],
  ['delivery', 'Delivery'],
  ['trips', 'Round trips'],
  ['cost', 'Cost'],
  ['comparisons', 'Every comparison'],
  ['validity', 'Validity'],
  ['conditions', 'Conditions'],
  ['again', 'Run it again'],
] as const;

/** Links to those parts that the page has. */
function contents(parts: readonly Markup[]): Markup {
  const page = parts.join('');
  const links = CONTENTS.filter(([id]) => page.includes(` id="${id}"`));
  return html`<nav aria-label="Contents"><ul>${links.map(
    ([id, title]) => html`<li><a href="#${id}">${title}</a></li>`,
  )}</ul></nav>`;
}
