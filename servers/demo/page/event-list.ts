/** The newest events of one connection, as they are meant and as they were on the wire. */
import { clockTime } from './outage.ts';
import { make, part } from './parts.ts';
import type { PushedEvent } from './pushed-event.ts';
import { fieldOf, jsonOf } from './pushed-event.ts';

/** Older ones are forgotten. */
const SHOWN = 50;
/** What comes all the time, and would push everything else out of sight. */
const FEEDS: ReadonlySet<string> = new Set(['time', 'quote']);

export interface EventList {
  add(event: PushedEvent, replayed: boolean): void;
}

export function createEventList(root: ParentNode): EventList {
  const list = part(root, 'events', HTMLOListElement);
  const wire = part(root, 'wire', HTMLOListElement);
  const feeds = part(root, 'show-feeds', HTMLInputElement);
  const none = part(root, 'no-events', HTMLParagraphElement);
  feeds.addEventListener('change', () => {
    if (feeds.checked) return;
    for (const row of root.querySelectorAll('[data-feed="yes"]')) row.remove();
  });
  return {
    add(event, replayed) {
      const isFeed = FEEDS.has(event.name);
      if (isFeed && !feeds.checked) return;
      none.hidden = true;
      for (const [where, row] of [
        [list, rowOf(event, replayed)],
        [wire, make('li', 'wire', event.raw)],
      ] as const) {
        row.dataset['feed'] = isFeed ? 'yes' : 'no';
        where.prepend(row);
        while (where.children.length > SHOWN) where.lastElementChild?.remove();
      }
    },
  };
}

function rowOf({ name, id, text }: PushedEvent, replayed: boolean): HTMLLIElement {
  const row = make('li', replayed ? 'event replayed' : 'event');
  row.dataset['name'] = name;
  row.append(
    make('time', 'at', clockTime(new Date())),
    make('span', 'name', name),
    make('span', 'data', meaningOf(text)),
    make('code', 'id', id === '' ? 'no id' : `…${id.slice(-6)}`),
  );
  if (replayed) row.append(make('span', 'tag', 'replayed'));
  return row;
}

/** A message of this page in words; everything else as it is. */
function meaningOf(text: string): string {
  const value = jsonOf(text);
  const from = fieldOf(value, 'from');
  const said = fieldOf(value, 'text');
  return typeof from === 'string' && typeof said === 'string' ? `${from}: ${said}` : text;
}
