/** Opens connections until one does not open, counts those that did, and closes them again. */
import { addressOf } from './address.ts';
import { announce, make, part, write } from './parts.ts';

/** A connection to a server on this machine takes milliseconds. */
const PATIENCE_MS = 1_000;
/** Enough to show that a limit is not six; Chromium allows 255 WebSockets in all. */
const MOST = 20;

interface Opening {
  readonly target: EventTarget;
  close(): void;
}

const openers: Readonly<Record<'sse' | 'ws', () => Opening>> = {
  sse: () => {
    const source = new EventSource(addressOf('/events', [['room', 'limit']]));
    return { target: source, close: () => source.close() };
  },
  ws: () => {
    const url = addressOf('/ws', [['room', 'limit']]);
    url.protocol = url.protocol.replace('http', 'ws');
    const socket = new WebSocket(url);
    return { target: socket, close: () => socket.close() };
  },
};

export function setUpLimits(root: ParentNode): void {
  for (const kind of ['sse', 'ws'] as const) {
    const button = part(root, `limit-${kind}`, HTMLButtonElement);
    const slots = part(root, `limit-${kind}-slots`, HTMLSpanElement);
    const outcome = part(root, `limit-${kind}-outcome`, HTMLParagraphElement);
    button.addEventListener('click', async () => {
      button.disabled = true;
      const { count, blocked } = await countOpen(openers[kind], (opened) =>
        drawSlots(slots, opened + 1, false),
      );
      // The page's own connection is one of them.
      const total = count + 1;
      drawSlots(slots, total, blocked);
      const what = kind === 'sse' ? 'EventSources' : 'WebSockets';
      const says = `${total} ${what} open at the same time, this page’s own included`;
      const end = blocked
        ? `; the next did not open within ${PATIENCE_MS / 1_000} s.`
        : ', and no end: more were not tried.';
      const others =
        kind === 'sse' && blocked && total < 6
          ? ' Other tabs or POSTs that wait hold the rest.'
          : '';
      write(outcome, `${says}${end}${others}`);
      announce(outcome.textContent ?? '');
      button.disabled = false;
    });
  }
}

async function countOpen(
  open: () => Opening,
  onOpen: (count: number) => void,
): Promise<{ count: number; blocked: boolean }> {
  const all: Opening[] = [];
  try {
    for (let count = 0; count < MOST; count += 1) {
      const opening = open();
      all.push(opening);
      if (!(await opensInTime(opening.target))) return { count, blocked: true };
      onOpen(count + 1);
    }
    return { count: MOST, blocked: false };
  } finally {
    for (const opening of all) opening.close();
  }
}

function opensInTime(target: EventTarget): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), PATIENCE_MS);
    target.addEventListener('open', () => {
      clearTimeout(timer);
      resolve(true);
    });
    target.addEventListener('error', () => {
      clearTimeout(timer);
      resolve(false);
    });
  });
}

function drawSlots(slots: HTMLElement, open: number, blocked: boolean): void {
  const marks = Array.from({ length: open }, () => make('span', 'slot open'));
  if (blocked) marks.push(make('span', 'slot blocked'));
  slots.replaceChildren(...marks);
  slots.setAttribute('aria-label', `${open} open${blocked ? ', one that waits' : ''}`);
}
