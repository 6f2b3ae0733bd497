/** The forest plot: how far apart each pair of candidates is, on every metric, and how sure that is. */
import type { RunComparison } from '../../../core/result.ts';
import { formatChange } from '../../../core/units.ts';
import { metricOf } from '../../metrics/registry.ts';
import { forestChart, forestRange } from '../charts/forest.ts';
import { figure } from '../figure.ts';
import type { Content, Markup } from '../markup.ts';
import { html } from '../markup.ts';
import { shareText } from '../share-text.ts';
import { figures, table, words } from '../table.ts';
import { verdictLegend, verdictTag } from '../verdict-look.ts';
import type { View } from '../view.ts';
import { isFloorPair, pairsOf } from '../view.ts';

/** A ratio of no width at 1 tells nothing; the delivery table has what these count. */
const NOT_DRAWN: ReadonlySet<string> = new Set([
  'reach',
  'throughput.deliveries',
  'request.answered',
  'request.rate',
  'request.cancelled',
  'request.parts',
  'ask.answered',
]);

/** From here on a drawing of everything would be read by nobody. */
const MANY_PAIRS = 3;
const FEWEST_ROUNDS = 6;

export function differencesFigure(view: View): Markup | undefined {
  const { margin } = view.run.options;
  const pairs = pairsOf(view)
    .filter((pair) => !isFloorPair(pair))
    .map((pair, _, all) => ({ ...pair, comparisons: drawn(pair.comparisons, all.length) }));
  const all = pairs.flatMap(({ comparisons }) => comparisons);
  if (all.length === 0) return undefined;
  const range = forestRange(all, margin);
  return figure({
    id: `differences${view.suffix}`,
    title: 'How far apart the arms are',
    lookFor: html`A bar is a 95 % interval: clear of the zero line it speaks for a difference, clear of the grey band (${shareText(margin)}, the margin of this run) for one that matters, and inside the band for none that does. The mark is the verdict, which also asks a rank test that assumes less. Bold metrics were named before the run, all others are exploratory; an arrow after a name points to where better is.`,
    legend: verdictLegend(all),
    grid: pairs.length > 1,
    panels: pairs.map(({ arm, against, comparisons }, index) => ({
      id: `differences${view.suffix}-${index}`,
      ...(pairs.length > 1 ? { heading: `${arm.name} against ${against.name}` } : {}),
      label: `Ratios of ${arm.name} to ${against.name} with 95 % intervals, one row per metric`,
      spec: forestChart(comparisons, margin, range, `← ${arm.name} lower · ${arm.name} higher →`),
    })),
    notes: [
      ...(all.some(({ rounds }) => rounds < FEWEST_ROUNDS)
        ? ['With fewer than 6 rounds an interval is shown, but no verdict is drawn from it.']
        : []),
      ...(pairs.length > MANY_PAIRS
        ? ['Exploratory metrics of so many pairs are in the tables below only.']
        : []),
    ],
    data: html`${pairs.map(({ arm, against, comparisons }) =>
      table({
        label: `Differences of ${arm.name} against ${against.name}`,
        columns: [words('metric'), figures('change'), figures('95 % interval'), words('verdict')],
        rows: comparisons.map((one) => [
          metricOf(one.metric)?.title ?? one.metric,
          changeText(one),
          intervalText(one),
          verdictTag(one.verdict),
        ]),
      }),
    )}`,
  });
}

/** Headline metrics first, in the order of the scenario; then the rest, in the order of the registry. */
function drawn(comparisons: readonly RunComparison[], pairs: number): RunComparison[] {
  return comparisons
    .filter(({ ratio }) => ratio !== undefined)
    .filter(({ headline, metric }) => headline || (pairs <= MANY_PAIRS && !NOT_DRAWN.has(metric)))
    .sort((a, b) => Number(b.headline) - Number(a.headline));
}

/** Every comparison, with all that is known about it. */
export function comparisonTables(view: View): Markup | undefined {
  const pairs = pairsOf(view);
  if (pairs.length === 0) return undefined;
  return html`<div id="comparisons${view.suffix}"><h3>Every comparison</h3>
<p class="intro">Ratios are the geometric mean over the rounds in which both arms count. "Detectable" is the smallest change that this comparison would have found 8 times in 10. Metrics marked ● were named before the run; of the exploratory rest, one in twenty looks different by chance alone.</p>
${pairs.map(
  (
    pair,
    index,
  ) => html`<details class="pair"${index === 0 ? html` open` : undefined}><summary>${pair.arm.name} against ${pair.against.name}${
    isFloorPair(pair) ? ' (the floor)' : ''
  }</summary>${table({
    label: `All metrics of ${pair.arm.name} against ${pair.against.name}`,
    columns: [
      words('metric'),
      figures('change'),
      figures('95 % interval'),
      figures('rounds'),
      figures('detectable'),
      words('verdict'),
    ],
    rows: [...pair.comparisons]
      .sort((a, b) => Number(b.headline) - Number(a.headline))
      .map((one) => [
        metricCell(one),
        changeText(one),
        intervalText(one),
        one.rounds,
        one.detectable === undefined ? '–' : shareText(one.detectable),
        verdictTag(one.verdict),
      ]),
  })}</details>
`,
)}</div>`;
}

function metricCell({ metric, headline }: RunComparison): Content {
  const known = metricOf(metric);
  if (known === undefined) return metric;
  return html`<span title="${known.explain}">${headline ? html`<b>● ${known.title}</b>` : known.title}</span> <small>${
    known.better === 'lower' ? 'lower is better' : 'higher is better'
  }</small>`;
}

const changeText = ({ ratio }: RunComparison): string =>
  ratio === undefined ? '–' : formatChange(ratio);

function intervalText({ low, high }: RunComparison): string {
  return low === undefined || high === undefined
    ? '–'
    : `${formatChange(low)} … ${formatChange(high)}`;
}
