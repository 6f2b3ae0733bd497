/** What is said about one metric of two runs, in one sentence. */
import { formatChange } from '../../core/units.ts';
import type { TrialComparison } from '../../core/unpaired.ts';
import { shareText } from '../html/share-text.ts';
import type { Metric } from '../metric.ts';

/** What the sentence calls its subject. */
interface Names {
  /** Letters of the runs. */
  readonly run: string;
  readonly against: string;
  /** The title of the arm. */
  readonly arm: string;
  /** The point, where there are several. */
  readonly at: string;
}

interface Circumstances {
  readonly margin: number;
  readonly machines: string | undefined;
}

/** Where the machines differ, no sentence goes without saying so. */
export function changeSentence(
  comparison: TrialComparison,
  metric: Metric,
  names: Names,
  { margin, machines }: Circumstances,
): string {
  const where = names.at === '' ? '' : `At ${names.at}: `;
  const said = `${where}${sentence(comparison, metric, names, margin)}`;
  return machines === undefined || comparison.verdict === 'not-comparable'
    ? said
    : `On different machines: ${said}`;
}

function sentence(
  comparison: TrialComparison,
  metric: Metric,
  { run, against, arm }: Names,
  margin: number,
): string {
  const { verdict, ratio, low, high, low90, high90, reason } = comparison;
  const subject = `${arm}’s ${metric.title}`;
  const both = `${run} and ${against}`;
  if (verdict === 'not-comparable' || ratio === undefined) {
    return `${subject} in ${both}: not comparable, ${reason}.`;
  }
  const counts = trialCounts(comparison);
  const interval = `95 % interval ${intervalText(low, high)}, ${counts}`;
  // Equal figures may come out of a mean with a last digit of their own.
  const difference =
    Math.abs(ratio - 1) < 1e-9
      ? `${subject} is equal in ${both}`
      : `${subject} is ${shareText(Math.abs(ratio - 1)).replace('below', 'less than')} ${ratio > 1 ? 'higher' : 'lower'} in ${run} than in ${against}`;
  const marginText = shareText(margin);
  switch (verdict) {
    case 'better':
    case 'worse':
      return `${difference} (${interval}): ${verdict}, beyond the ${marginText} margin.`;
    case 'small-but-real':
      return isInside(low, high, margin)
        ? `${difference} (${interval}): small but real, inside the ${marginText} margin.`
        : `${difference} (${interval}): real, but not surely beyond the ${marginText} margin.`;
    case 'same':
      return comparison.p === undefined
        ? `${subject} is the same in ${both}: ${reason}.`
        : `${subject} in ${both}: no practically relevant difference; the 90 % interval ${intervalText(low90, high90)} lies inside ±${marginText} (${counts}).`;
    case 'unclear':
      return low === undefined || comparison.p === undefined
        ? `${difference}: unclear (${reason}).`
        : `${difference} (${interval}): unclear at the ${marginText} margin, ${reason}.${smallest(comparison)}`;
  }
}

function smallest({ detectable }: TrialComparison): string {
  return detectable === undefined
    ? ''
    : ` The smallest change that these runs could show is ${shareText(detectable)}.`;
}

function trialCounts({ trials, trialsAgainst }: TrialComparison): string {
  return trials === trialsAgainst
    ? `${trials} trials each`
    : `${trials} and ${trialsAgainst} trials`;
}

export function intervalText(low: number | undefined, high: number | undefined): string {
  return low === undefined || high === undefined
    ? '–'
    : `${formatChange(low)} … ${formatChange(high)}`;
}

function isInside(low: number | undefined, high: number | undefined, margin: number): boolean {
  return low !== undefined && high !== undefined && high <= 1 + margin && low >= 1 / (1 + margin);
}
