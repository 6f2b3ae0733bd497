/**
 * The script of the history: draws the series, arm and metric that are picked, tells its changes in words,
 * and lets the keyboard go from run to run. Texts of the history are only ever set as text.
 */

interface Run {
  readonly id: string;
  readonly when: string;
  readonly build: string;
  readonly href?: string;
}

interface Line {
  readonly metric: string;
  readonly runs: readonly number[];
  readonly values: readonly number[];
  readonly texts: readonly string[];
  readonly y: Readonly<Record<string, unknown>>;
  readonly changes: readonly {
    readonly at: number;
    readonly before: number;
    readonly after: number;
    readonly direction: 'better' | 'worse';
    readonly says: string;
  }[];
  readonly missing: number;
}

interface Group {
  readonly title: string;
  readonly runs: readonly Run[];
  readonly arms: readonly { readonly name: string; readonly lines: readonly Line[] }[];
}

interface Channel {
  readonly field: string;
  axis?: Record<string, unknown>;
  scale?: Record<string, unknown>;
}

interface Spec {
  readonly layer: {
    readonly data: { readonly name: string; values: unknown[] };
    readonly mark: { readonly filled?: boolean; size?: number };
    readonly encoding: { x: Channel; y?: Channel };
  }[];
}

interface History {
  readonly groups: readonly Group[];
  readonly metrics: Readonly<Record<string, { readonly title: string; readonly explain: string }>>;
  readonly spec: Spec;
  readonly names: Readonly<Record<'points' | 'levels' | 'changes' | 'picked', string>>;
}

interface View {
  data(name: string, values: readonly unknown[]): View;
  run(): View;
  finalize(): void;
  addEventListener(
    type: 'click',
    handler: (event: unknown, item: { datum?: { point?: number } } | null) => void,
  ): void;
}

/** The library, which is on the page before this script. */
declare const vegaEmbed: (
  place: HTMLElement,
  spec: unknown,
  options: unknown,
) => Promise<{ view: View }>;

/** What the name of a run on the axis needs, with room beside it. */
const NAME_WIDTH = 150;
const MANY = 250;

/** The parts of this page are always there: where one is not, the page is another one. */
function part<E extends HTMLElement>(id: string, type: new () => E): E {
  const found = document.getElementById(id);
  if (!(found instanceof type)) throw new Error(`the page has no ${id}`);
  return found;
}

const history_ = JSON.parse(part('history', HTMLScriptElement).text) as History;
const series = part('series', HTMLSelectElement);
const arm = part('arm', HTMLSelectElement);
const metric = part('metric', HTMLSelectElement);
const place = part('chart', HTMLDivElement);
const box = part('box', HTMLDivElement);

// ---- what is picked

function fill(select: HTMLSelectElement, options: readonly (readonly [string, string])[]): void {
  const before = select.value;
  select.replaceChildren(...options.map(([value, text]) => new Option(text, value)));
  // Whoever goes to another series wants to see the same of it, where there is the same.
  if (options.some(([value]) => value === before)) select.value = before;
}

const groupNow = (): Group | undefined => history_.groups[Number(series.value)];
const linesNow = (): readonly Line[] =>
  groupNow()?.arms.find(({ name }) => name === arm.value)?.lines ?? [];
const lineNow = (): Line | undefined => linesNow().find((one) => one.metric === metric.value);

function fillArms(): void {
  fill(arm, groupNow()?.arms.map(({ name }) => [name, name] as const) ?? []);
  fillMetrics();
}

function fillMetrics(): void {
  const marked = ({ metric: id, changes }: Line): string => {
    const title = history_.metrics[id]?.title ?? id;
    return changes.length === 0
      ? title
      : `${title} (${changes.length} ${changes.length === 1 ? 'change' : 'changes'})`;
  };
  fill(
    metric,
    linesNow().map((line) => [line.metric, marked(line)] as const),
  );
}

/** A link to the page leads to what was picked. */
function remember(): void {
  const hash = new URLSearchParams({ series: series.value, arm: arm.value, metric: metric.value });
  window.history.replaceState(null, '', `#${hash.toString()}`);
}

function recall(): void {
  const hash = new URLSearchParams(location.hash.slice(1));
  const choose = (select: HTMLSelectElement, name: string): void => {
    const wanted = hash.get(name);
    if ([...select.options].some(({ value }) => value === wanted)) select.value = wanted ?? '';
  };
  choose(series, 'series');
  fillArms();
  choose(arm, 'arm');
  fillMetrics();
  choose(metric, 'metric');
}

// ---- the drawing

let view: View | undefined;
let picked: number | undefined;
/** Drawings that are asked for meanwhile are drawn after each other, and only the last of them. */
let drawing: Promise<void> = Promise.resolve();
let asked = 0;

function pointRows({ runs, values, texts }: Line, group: Group): object[] {
  return values.map((value, at) => {
    const { id = '', when = '', build = '' } = group.runs[runs[at] ?? 0] ?? {};
    return { point: at, at, value, text: texts[at] ?? '', run: id, when, build };
  });
}

function levelRows({ values, changes }: Line): object[] {
  if (changes.length === 0) return [];
  return [...changes, undefined].map((change, index) => {
    const before = changes[index - 1];
    const value = change?.before ?? before?.after ?? 0;
    return { from: before?.at ?? 0, to: (change?.at ?? values.length) - 1, value };
  });
}

function changeRows({ changes }: Line): object[] {
  return changes.map(({ at, direction, says }, index) => ({
    between: at - 0.5,
    number: String(index + 1),
    color: `var(--${direction})`,
    says,
  }));
}

function specOf(line: Line, group: Group): Spec {
  const spec = structuredClone(history_.spec);
  const { names } = history_;
  const rows: Readonly<Record<string, unknown[]>> = {
    [names.points]: pointRows(line, group),
    [names.levels]: levelRows(line),
    [names.changes]: changeRows(line),
    [names.picked]: [],
  };
  const count = line.values.length;
  const named = Math.max(2, Math.min(7, Math.floor(place.clientWidth / NAME_WIDTH)));
  const step = Math.max(1, Math.ceil((count - 1) / (named - 1)));
  const ticks = line.values.map((_, index) => index).filter((index) => index % step === 0);
  const labels = ticks.map((index) => group.runs[line.runs[index] ?? 0]?.when.slice(0, 10) ?? '');
  for (const { data, mark: drawn, encoding } of spec.layer) {
    data.values = rows[data.name] ?? [];
    // A thousand dots of full size would be one stripe.
    if (drawn.filled === true && count > MANY) drawn.size = 14;
    encoding.x = {
      ...encoding.x,
      // One alone stands in the middle.
      scale: { domain: [-0.5, count - 0.5], nice: false, zero: false },
      axis: {
        ...encoding.x.axis,
        values: ticks,
        labelExpr: `${JSON.stringify(labels)}[indexof(${JSON.stringify(ticks)}, datum.value)]`,
      },
    };
    if (encoding.y !== undefined) encoding.y = { ...encoding.y, ...line.y };
  }
  return spec;
}

function draw(): void {
  asked += 1;
  const own = asked;
  drawing = drawing.then(async () => {
    const [line, group] = [lineNow(), groupNow()];
    if (own !== asked || line === undefined || group === undefined) return;
    try {
      view?.finalize();
      place.dataset['state'] = 'drawing';
      // As in the reports: expressions are interpreted, or the page would have to evaluate strings.
      ({ view } = await vegaEmbed(place, specOf(line, group), {
        mode: 'vega-lite',
        renderer: 'svg',
        actions: false,
        ast: true,
        hover: false,
        defaultStyle: false,
        tooltip: { disableDefaultStyle: true, theme: 'plain' },
      }));
      view.addEventListener('click', (_event, item) => {
        const point = item?.datum?.point;
        if (point !== undefined) pick(point);
      });
      place.dataset['state'] = 'drawn';
      if (picked !== undefined) mark();
    } catch (error) {
      place.dataset['state'] = 'failed';
      place.textContent = `This chart could not be drawn (${String(error)}); its data is in the table below.`;
    }
  });
}

// ---- one run after the other

function mark(): void {
  const [line, group] = [lineNow(), groupNow()];
  if (line === undefined || group === undefined || view === undefined) return;
  const row = pointRows(line, group)[picked ?? -1];
  view.data(history_.names.picked, row === undefined ? [] : [row]).run();
}

function element(name: string, text: string, className = ''): HTMLElement {
  const made = document.createElement(name);
  made.textContent = text;
  made.className = className;
  return made;
}

function link(run: Run | undefined): HTMLElement {
  if (run?.href === undefined) return element('code', run?.id ?? '');
  const made = document.createElement('a');
  made.href = run.href;
  made.textContent = run.id;
  return made;
}

function pick(point: number | undefined): void {
  const line = lineNow();
  const count = line?.values.length ?? 0;
  picked = point === undefined || count === 0 ? undefined : Math.min(count - 1, Math.max(0, point));
  const says = part('point', HTMLElement);
  if (line === undefined || picked === undefined) {
    says.replaceChildren();
  } else {
    const run = groupNow()?.runs[line.runs[picked] ?? 0];
    const change = line.changes.findIndex(({ at }) => at === picked);
    says.replaceChildren(
      element('b', line.texts[picked] ?? ''),
      element('span', `${picked + 1} of ${count}`),
      element('span', run?.when ?? ''),
      element('span', `build ${run?.build ?? ''}`),
      link(run),
      ...(change < 0 ? [] : [element('span', `first after change ${change + 1}`)]),
    );
  }
  mark();
}

function onKey(event: KeyboardEvent): void {
  const line = lineNow();
  if (line === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
  const last = line.values.length - 1;
  const here = picked ?? last + 1;
  const places = line.changes.map(({ at }) => at);
  const targets: Readonly<Record<string, number | undefined>> = {
    ArrowLeft: here - 1,
    ArrowRight: picked === undefined ? 0 : here + 1,
    Home: 0,
    End: last,
    PageUp: places.findLast((at) => at < here),
    PageDown: places.find((at) => at > (picked ?? -1)),
  };
  if (event.key === 'Enter') {
    const href = groupNow()?.runs[line.runs[picked ?? -1] ?? -1]?.href;
    if (href !== undefined) location.assign(href);
    return;
  }
  if (event.key === 'Escape') {
    pick(undefined);
    return;
  }
  if (!Object.hasOwn(targets, event.key)) return;
  event.preventDefault();
  const target = targets[event.key];
  if (target !== undefined) pick(target);
}

// ---- in words

function describe(): void {
  const [line, group] = [lineNow(), groupNow()];
  const about = history_.metrics[line?.metric ?? ''];
  part('explain', HTMLElement).textContent =
    about === undefined ? '' : `${about.title}: ${about.explain}.`;
  if (line === undefined || group === undefined) return;
  const count = line.values.length;
  const runs = `${count.toLocaleString('en-US')} ${count === 1 ? 'run' : 'runs'}`;
  box.setAttribute(
    'aria-label',
    `${about?.title ?? line.metric} of ${arm.value} over ${runs}, ${line.changes.length} changes`,
  );
  part('changes-say', HTMLElement).textContent =
    line.missing > 0
      ? `There are too few runs to tell a change from chance: ${line.missing} more ${line.missing === 1 ? 'is' : 'are'} missing.`
      : line.changes.length === 0
        ? `No change was found in ${runs}.`
        : 'Places from which on the values come from another level. A hint where to look, not a verdict.';
  part('changes', HTMLElement).replaceChildren(
    ...line.changes.map(({ at, direction, says }, index) => {
      const item = document.createElement('li');
      const show = element('button', 'Show');
      show.setAttribute('aria-label', `Show change ${index + 1}`);
      show.addEventListener('click', () => {
        pick(at);
        box.focus();
      });
      item.append(element('b', String(index + 1), direction), show, element('span', says));
      return item;
    }),
  );
  part('rows', HTMLElement).replaceChildren();
  if (part('data', HTMLDetailsElement).open) fillTable();
}

/** Only when it is opened: a thousand rows take longer than the drawing. */
function fillTable(): void {
  const [line, runs] = [lineNow(), groupNow()?.runs];
  if (line === undefined || runs === undefined) return;
  part('rows', HTMLElement).replaceChildren(
    ...line.texts.map((text, index) => {
      const run = runs[line.runs[index] ?? 0];
      const row = document.createElement('tr');
      const first = document.createElement('td');
      first.append(link(run));
      row.append(
        first,
        element('td', run?.when ?? ''),
        element('td', run?.build ?? ''),
        element('td', text, 'figures'),
      );
      return row;
    }),
  );
}

function show(): void {
  remember();
  describe();
  pick(undefined);
  draw();
}

fill(
  series,
  history_.groups.map(({ title }, index) => [String(index), title] as const),
);
recall();
series.addEventListener('change', () => {
  fillArms();
  show();
});
arm.addEventListener('change', () => {
  fillMetrics();
  show();
});
metric.addEventListener('change', show);
box.addEventListener('keydown', onKey);
part('data', HTMLDetailsElement).addEventListener('toggle', ({ target }) => {
  if (target instanceof HTMLDetailsElement && target.open) fillTable();
});
if (history_.groups.length > 0) show();
