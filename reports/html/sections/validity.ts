/** Every check of every trial, folded to a row per check: its worst value, its limit, and how many passed. */
import type { Check, RunResult, Trial } from '../../../core/result.ts';
import { formatMicroseconds, formatNumber, formatPercent } from '../../../core/units.ts';
import { validityOf } from '../../summary.ts';
import type { Content, Markup } from '../markup.ts';
import { html } from '../markup.ts';
import { figures, table, words } from '../table.ts';

interface Judged {
  readonly trial: Trial;
  readonly check: Check;
}

const SEVERITY = { pass: 0, 'not-measured': 1, suspect: 2, invalid: 3 } as const;

export function validitySection(run: RunResult): Markup {
  const { state } = validityOf(run);
  const counted = run.trials.filter(({ excluded }) => excluded === undefined);
  const how =
    run.searches === undefined
      ? `An invalid trial never counts, a suspect one counts and is named. ${run.trials.length} trials ran, ${counted.length} count; by those`
      : `They are steps of a search, of which one that passed although it was disturbed has passed. ${run.trials.length} ran, ${counted.length} count. What decides is whether searches saw their last pass undisturbed; by that`;
  const checks = byCheck(run.trials);
  const failed = run.trials.filter(({ outcome }) => outcome === 'failed');
  return html`<section id="validity" aria-labelledby="validity-title"><h2 id="validity-title">Validity: did this run measure the target?</h2>
<p class="intro">Each trial is checked against these limits. ${how} the run is <span class="badge ${state}">${state.toUpperCase()}</span>.</p>
${table({
  label: 'Checks over all trials',
  columns: [
    words('check'),
    figures('worst value'),
    figures('limit'),
    figures('pass'),
    figures('suspect'),
    figures('invalid'),
    figures('not measured'),
    words('worst in'),
    words('meaning'),
  ],
  rows: checks.map(row),
})}
${
  failed.length === 0
    ? undefined
    : html`<h3>Trials that failed</h3>${failed.map(
        (trial) =>
          html`<p>${placeOf(trial)}: ${trial.says ?? 'no reason was given'}</p>${
            trial.stderrTail === undefined || trial.stderrTail === ''
              ? undefined
              : html`<pre tabindex="0" aria-label="Last words of the process">${trial.stderrTail}</pre>`
          }`,
      )}`
}</section>`;
}

function byCheck(trials: readonly Trial[]): Judged[][] {
  const checks = new Map<string, Judged[]>();
  for (const trial of trials) {
    for (const check of trial.validity.checks) {
      checks.set(check.id, [...(checks.get(check.id) ?? []), { trial, check }]);
    }
  }
  return [...checks.values()];
}

function row(judged: readonly Judged[]): Content[] {
  const [worst] = [...judged].sort(worstFirst(judged));
  if (worst === undefined) return [];
  const { check, trial } = worst;
  const count = (ok: Check['ok']): Content => {
    const n = judged.filter((one) => one.check.ok === ok).length;
    return n > 0 && ok !== 'pass' ? html`<strong class="${ok}">${n}</strong>` : n;
  };
  return [
    check.title,
    checkText(check, check.value),
    checkText(check, check.limit),
    count('pass'),
    count('suspect'),
    count('invalid'),
    count('not-measured'),
    check.ok === 'suspect' || check.ok === 'invalid' ? placeOf(trial) : '',
    html`<small>${check.says}</small>`,
  ];
}

/**
 * Most severe first, then farthest towards the bad side. A check does not say which side that is; a
 * value beside its limit does, since it lies on the good side exactly when it passes.
 */
function worstFirst(judged: readonly Judged[]): (a: Judged, b: Judged) => number {
  const badIsAbove = judged.every(({ check: { value, limit, ok } }) => {
    if (value === undefined || limit === undefined || value === limit) return true;
    return value < limit === (ok === 'pass');
  });
  const distance = ({ check: { value = 0, limit = 0 } }: Judged): number =>
    badIsAbove ? value - limit : limit - value;
  return (a, b) => SEVERITY[b.check.ok] - SEVERITY[a.check.ok] || distance(b) - distance(a);
}

function placeOf({ arm, round, attempt, excluded, point }: Trial): string {
  const at = Object.entries(point).map(([name, value]) => `, ${name}=${value}`);
  const again = attempt > 0 ? `, try ${attempt + 1}` : '';
  return `${arm}, round ${round + 1}${again}${at.join('')}${excluded === undefined ? '' : ' (left out)'}`;
}

function checkText({ unit }: Check, value: number | undefined): string {
  if (value === undefined) return '–';
  switch (unit) {
    case 'share':
      return formatPercent(value);
    case 'us':
      return formatMicroseconds(value);
    case 'ms':
      return formatMicroseconds(value * 1_000);
    case 'ratio':
      return `${formatNumber(value)} ×`;
    default:
      return value.toLocaleString('en-US');
  }
}
