/** Publishes to everybody in a room, by POST or as a frame. */
import { addressOf, post } from './address.ts';
import type { Column } from './column.ts';
import type { Way } from './latency-chart.ts';
import type { Sent } from './link.ts';
import type { OwnMessages } from './own-messages.ts';
import { part, write } from './parts.ts';

const MANY = 20;
const GAP_MS = 100;

export function setUpPublishing(
  root: ParentNode,
  own: OwnMessages,
  columns: Readonly<Record<'sse' | 'ws', Column>>,
): void {
  const form = part(root, 'publish-form', HTMLFormElement);
  const text = part(root, 'publish-text', HTMLInputElement);
  const room = part(root, 'publish-room', HTMLInputElement);
  const byFrame = part(root, 'publish-by-frame', HTMLInputElement);
  const many = part(root, 'publish-many', HTMLButtonElement);
  const outcome = part(root, 'publish-outcome', HTMLParagraphElement);
  const joined = new Set(['main', 'clock', 'ticker']);

  async function publish(said: string): Promise<void> {
    const to = room.value.trim() || 'main';
    if (!joined.has(to)) {
      // Or this page would not hear what it says.
      const joins = await Promise.all([columns.sse, columns.ws].map(({ link }) => link.join(to)));
      const failed = joins.find(({ ok }) => !ok);
      if (failed !== undefined) return write(outcome, `Room ${to} not joined. ${failed.says}`);
      joined.add(to);
    }
    const way: Way = byFrame.checked ? 'frame' : 'post';
    const { says } = await send(own.make(said, way), to, way);
    write(outcome, `To room ${to}: ${says}.`);
  }

  async function send(data: unknown, to: string, way: Way): Promise<Sent> {
    if (way === 'frame') return columns.ws.link.send({ op: 'publish', room: to, data });
    const { pathname, search } = addressOf('/publish', [['room', to]]);
    const { status, text: says } = await post(`${pathname}${search}`, data);
    return { ok: status === 204, says: `POST answered ${status}${says === '' ? '' : `: ${says}`}` };
  }

  form.addEventListener('submit', (event) => {
    event.preventDefault();
    void publish(text.value || 'hello');
    text.select();
  });
  many.addEventListener('click', () => {
    many.disabled = true;
    let count = 0;
    const timer = setInterval(() => {
      count += 1;
      void publish(`${text.value || 'hello'} ${count}/${MANY}`);
      if (count < MANY) return;
      clearInterval(timer);
      many.disabled = false;
    }, GAP_MS);
  });
}
