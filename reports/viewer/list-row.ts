/** One run in the list: what it is, what it found, its rounds as a small drawing, and what can be done with it. */
import { swatch } from '../html/arm-look.ts';
import type { Content, Markup } from '../html/markup.ts';
import { html } from '../html/markup.ts';
import { timeText } from '../html/sections/conditions.ts';
import type { ReadableEntry, RunEntry, Sparkline } from './run-entry.ts';
import type { IndexedRun } from './run-index.ts';

/** Where the links of a row lead: to a server, or to files beside the page. */
export interface RowLinks {
  report(name: string): string;
  /** To the comparison with the run before; undefined where there is none. */
  before?(name: string): string | undefined;
  readonly canDelete: boolean;
}

/** A file that has not changed for so long is not being written any more, whatever it says. */
const SILENT_MS = 10 * 60_000;

/** Whether a bench is at work on it, as far as its file tells. */
export function isLive({ entry, changedAt }: IndexedRun, now: number): boolean {
  return entry.kind === 'run' && entry.state === 'running' && now - changedAt < SILENT_MS;
}

export function listRow(run: IndexedRun, links: RowLinks, now: number): Markup {
  const { entry } = run;
  return entry.kind === 'unreadable'
    ? unreadableRow(entry, links)
    : readableRow(entry, isLive(run, now), links);
}

function unreadableRow({ name, why }: RunEntry & { kind: 'unreadable' }, links: RowLinks): Markup {
  return html`<li class="run broken" data-name="${name}" data-state="unreadable" data-scenario="" data-text="${`${name} ${why}`.toLowerCase()}">
<div class="what"><code class="id">${name}</code></div>
<p class="verdict">Cannot be shown: ${why}</p>
<div class="do">${deleteButton(name, links)}</div></li>
`;
}

function readableRow(entry: ReadableEntry, live: boolean, links: RowLinks): Markup {
  const { name, id, scenario, startedAt, load, arms, build } = entry;
  const ended = entry.state === 'running' && !live;
  const verdict = ended ? 'No verdict: its bench ended in the middle.' : entry.verdict;
  const state = live ? 'live' : entry.state === 'finished' ? entry.validity : 'unfinished';
  const armNames = arms.map((arm) => arm.name);
  const text = [name, id, scenario, verdict, load, ...armNames, build, state, startedAt];
  const before = links.before?.(name);
  return html`<li class="run" data-name="${name}" data-state="${state}" data-scenario="${scenario}" data-machine="${entry.fingerprint}" data-text="${text.join(' ').toLowerCase()}">
<label class="pick"><input type="checkbox" name="run" value="${name}"${live ? html` disabled` : undefined}><span class="unseen">Compare ${id}</span></label>
<div class="what"><a class="open" href="${links.report(name)}"><b>${scenario}</b> <span>${timeText(startedAt)}</span></a>
<small>${load}</small> <small>${arms.map(
    (arm) => html`<span class="tag ${arm.style}">${swatch(arm.shape)}${arm.name}</span> `,
  )}</small><small><code class="id">${name}</code></small></div>
<p class="verdict">${verdict}</p>
${sparkline(entry.spark)}
<div class="state">${badge(entry, live)}</div>
<div class="do">${before === undefined ? undefined : html`<a href="${before}">Against the one before</a>`}${deleteButton(name, links)}</div></li>
`;
}

function deleteButton(name: string, { canDelete }: RowLinks): Content {
  return canDelete
    ? html`<button type="button" class="delete" data-name="${name}" aria-label="Delete ${name}">Delete</button>`
    : undefined;
}

function badge(entry: ReadableEntry, live: boolean): Markup {
  const { state, validity, done, planned, leftOut } = entry;
  const again = leftOut === 0 ? '' : `, ${leftOut} left out`;
  const progress =
    planned === undefined ? `${done} trials${again}` : `${done} of ${planned} trials${again}`;
  if (live) {
    return html`<span class="badge live">RUNNING</span> <small>${progress}</small>${
      planned === undefined
        ? undefined
        : html` <progress value="${Math.min(done, planned)}" max="${planned}" aria-label="Trials done">${progress}</progress>`
    }`;
  }
  const shown = html`<span class="badge ${validity}">${validity.toUpperCase()}</span>`;
  if (state === 'finished') return shown;
  const what = state === 'aborted' ? 'stopped early' : 'never finished';
  return html`${shown} <small>${what}, ${progress}</small>`;
}

const WIDTH = 120;
const HEIGHT = 30;

/** All arms on one scale; what it shows stands beneath it in words. */
function sparkline(spark: Sparkline | undefined): Markup {
  if (spark === undefined) return html`<div class="spark"></div>`;
  const all = spark.lines.flatMap(({ values }) => values);
  const [low, high] = [Math.min(...all), Math.max(...all)];
  const y = (value: number): string =>
    (high === low
      ? HEIGHT / 2
      : HEIGHT - 3 - ((value - low) / (high - low)) * (HEIGHT - 6)
    ).toFixed(1);
  const x = (index: number, count: number): string =>
    (count < 2 ? WIDTH / 2 : 3 + (index / (count - 1)) * (WIDTH - 6)).toFixed(1);
  const label = spark.lines.map(({ arm, text }) => `${arm} ${text}`).join(', ');
  return html`<figure class="spark"><svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${spark.metric} by round; the last: ${label}">${spark.lines.map(
    ({ style, values }) =>
      html`<g class="${style}"><polyline points="${values
        .map((value, index) => `${x(index, values.length)},${y(value)}`)
        .join(
          ' ',
        )}"/><circle cx="${x(values.length - 1, values.length)}" cy="${y(values.at(-1) ?? low)}" r="2.4"/></g>`,
  )}</svg><figcaption>${spark.metric}</figcaption></figure>`;
}
