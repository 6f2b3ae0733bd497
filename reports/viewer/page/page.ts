/**
 * The script of the list of runs: search and filters, ticks and what they add up to, deletion, and what
 * changes while the page is open. Without it the list can be read, opened and compared all the same.
 */

interface PageSettings {
  readonly live: boolean;
  readonly token: string;
  /** Of the server’s index when this page was made. */
  readonly revision: number;
}

/** What the server tells of: rows to put in their places, and those that are gone. */
interface Changes {
  readonly rows: readonly { readonly name: string; readonly html: string }[];
  readonly gone: readonly string[];
  /** All that there should be, in the first message. */
  readonly names?: readonly string[];
}

const MOST_RUNS = 6;

/** The parts of this page are always there: where one is not, the page is another one. */
function part<E extends HTMLElement>(id: string, type: new () => E): E {
  const found = document.getElementById(id);
  if (!(found instanceof type)) throw new Error(`the page has no ${id}`);
  return found;
}

const settings = JSON.parse(part('settings', HTMLScriptElement).text) as PageSettings;
const list = part('runs', HTMLUListElement);
const search = part('search', HTMLInputElement);
const scenario = part('scenario', HTMLSelectElement);
const state = part('state', HTMLSelectElement);

const rows = (): HTMLElement[] =>
  [...list.children].filter((one): one is HTMLElement => one instanceof HTMLElement);

// ---- search and filters

function filter(): void {
  const words = search.value
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  const all = rows();
  let shown = 0;
  for (const row of all) {
    const { text = '', scenario: name = '', state: is = '' } = row.dataset;
    const fits =
      (scenario.value === '' || name === scenario.value) &&
      (state.value === '' || is === state.value) &&
      words.every((word) => text.includes(word));
    row.hidden = !fits;
    if (fits) shown += 1;
  }
  const total = all.length.toLocaleString('en-US');
  part('count', HTMLOutputElement).value =
    shown === all.length ? `${total} runs` : `${shown.toLocaleString('en-US')} of ${total} runs`;
  part('nothing', HTMLElement).hidden = all.length > 0;
  part('no-match', HTMLElement).hidden = shown > 0 || all.length === 0;
}

function showAll(): void {
  search.value = '';
  scenario.value = '';
  state.value = '';
  filter();
}

// ---- ticks

function ticked(): HTMLElement[] {
  return rows().filter((row) => row.querySelector<HTMLInputElement>('.pick input')?.checked);
}

/** Why these cannot be compared; undefined where they can. */
function obstacle(picked: readonly HTMLElement[]): string | undefined {
  if (picked.length < 2) return 'Tick another one to compare.';
  if (picked.length > MOST_RUNS) return `${MOST_RUNS} runs at most can be compared.`;
  const scenarios = new Set(picked.map(({ dataset }) => dataset['scenario']));
  return scenarios.size > 1
    ? `They answer different questions (${[...scenarios].join(', ')}): choose runs of one scenario.`
    : undefined;
}

function tally(): void {
  const picked = ticked();
  const problem = obstacle(picked);
  const machines = new Set(picked.map(({ dataset }) => dataset['machine']));
  part('bar', HTMLElement).hidden = picked.length === 0;
  const count = picked.length === 1 ? '1 run ticked.' : `${picked.length} runs ticked.`;
  // A file has no server that could compare: the command does the same.
  const command = `npm run compare -- ${[...picked]
    .reverse()
    .map(({ dataset }) => dataset['name'])
    .join(' ')}`;
  part('bar-says', HTMLElement).textContent =
    problem !== undefined
      ? `${count} ${problem}`
      : settings.live
        ? `${count} The oldest is what the others are held against.`
        : `${count} Compare them with: ${command}`;
  const button = part('compare', HTMLButtonElement);
  button.disabled = problem !== undefined;
  button.hidden = !settings.live;
  const apart = problem === undefined && machines.size > 1;
  part('anyway-label', HTMLElement).hidden = !apart || !settings.live;
  if (!apart) part('anyway', HTMLInputElement).checked = false;
}

function untick(): void {
  for (const box of list.querySelectorAll<HTMLInputElement>('.pick input')) box.checked = false;
  tally();
}

// ---- deletion

const dialog = part('confirm', HTMLDialogElement);
const says = part('confirm-says', HTMLElement);
let doomed = '';

function askToDelete(name: string): void {
  doomed = name;
  says.textContent = '';
  part('confirm-name', HTMLElement).textContent = name;
  dialog.showModal();
  // What Enter does by accident must do no harm.
  part('confirm-no', HTMLButtonElement).focus();
}

async function remove(name: string): Promise<void> {
  try {
    const response = await fetch('delete', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'X-Pushbench-Token': settings.token },
      body: JSON.stringify({ name }),
    });
    if (!response.ok) {
      says.textContent = await response.text();
      return;
    }
  } catch {
    says.textContent = 'The viewer does not answer any more: was it ended?';
    return;
  }
  dialog.close();
  const row = rowOf(name);
  const next = row?.nextElementSibling ?? row?.previousElementSibling;
  row?.remove();
  (next?.querySelector<HTMLElement>('.open, .delete') ?? list).focus();
  filter();
  tally();
}

const rowOf = (name: string): HTMLElement | undefined =>
  rows().find(({ dataset }) => dataset['name'] === name);

// ---- what changes meanwhile

/** Rows are made by the server, which escapes whatever a run file holds; the policy runs no script in them. */
function apply({ rows: changed, gone, names }: Changes): void {
  if (names !== undefined) {
    const there = new Set(names);
    for (const row of rows()) if (!there.has(row.dataset['name'] ?? '')) row.remove();
  }
  for (const name of gone) rowOf(name)?.remove();
  for (const { name, html } of changed) {
    const template = document.createElement('template');
    template.innerHTML = html;
    const [fresh] = template.content.children;
    if (!(fresh instanceof HTMLElement)) continue;
    const old = rowOf(name);
    if (old === undefined) {
      // Names start with the time, and the latest is the first.
      const after = rows().find(({ dataset }) => (dataset['name'] ?? '') < name);
      list.insertBefore(fresh, after ?? null);
      continue;
    }
    const box = fresh.querySelector<HTMLInputElement>('.pick input');
    const before = old.querySelector<HTMLInputElement>('.pick input');
    if (box !== null && before !== null) box.checked = before.checked && !box.disabled;
    const focused = old.contains(document.activeElement) ? document.activeElement : null;
    old.replaceWith(fresh);
    if (focused !== null)
      fresh.querySelector<HTMLElement>(`.${focused.className || 'pick input'}`)?.focus();
  }
  filter();
  tally();
}

// ---- what a person does

for (const input of [search, scenario, state]) input.addEventListener('input', filter);
part('clear', HTMLButtonElement).addEventListener('click', () => {
  showAll();
  search.focus();
});
part('unpick', HTMLButtonElement).addEventListener('click', () => {
  untick();
  search.focus();
});
list.addEventListener('change', tally);
list.addEventListener('click', ({ target }) => {
  if (!(target instanceof HTMLElement) || !target.classList.contains('delete')) return;
  askToDelete(target.dataset['name'] ?? '');
});
part('confirm-no', HTMLButtonElement).addEventListener('click', () => dialog.close());
part('confirm-yes', HTMLButtonElement).addEventListener('click', () => void remove(doomed));
part('picked', HTMLFormElement).addEventListener('submit', (event) => {
  // Enter in a tick box sends the form, whatever the button says.
  if (!settings.live || obstacle(ticked()) !== undefined) event.preventDefault();
});

document.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || dialog.open) return;
  const { target } = event;
  const typing = target === search || target instanceof HTMLSelectElement;
  if (event.key === '/' && !typing) {
    event.preventDefault();
    search.focus();
  } else if (event.key === 'Escape' && typing) {
    showAll();
  } else if (
    (event.key === 'ArrowDown' || event.key === 'ArrowUp') &&
    !(target instanceof HTMLSelectElement)
  ) {
    step(event.key === 'ArrowDown' ? 1 : -1, event);
  }
});

/** From one run to the next one that is shown; from the search field to the first. */
function step(by: number, event: KeyboardEvent): void {
  const shown = rows().filter(({ hidden }) => !hidden);
  const here = shown.findIndex((row) => row.contains(document.activeElement));
  if (here < 0 && document.activeElement !== search) return;
  const next = shown[here < 0 ? 0 : here + by];
  if (next === undefined) return;
  event.preventDefault();
  next.querySelector<HTMLElement>('.open, .delete')?.focus();
}

// After "back" the browser has filled in what was typed and ticked before.
window.addEventListener('pageshow', () => {
  filter();
  tally();
});
filter();
tally();

if (settings.live) {
  const events = new EventSource(`events?since=${settings.revision}`);
  events.addEventListener('message', ({ data }) => apply(JSON.parse(String(data)) as Changes));
}
