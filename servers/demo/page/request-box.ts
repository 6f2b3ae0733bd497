/** One request, three ways up and down: the answer and the round trip of each. */
import { post } from './address.ts';
import type { Column } from './column.ts';
import { part, write } from './parts.ts';
import { fieldOf, jsonOf } from './pushed-event.ts';
import { answerIn } from './requests.ts';

export function setUpRequests(
  root: ParentNode,
  { sse, ws }: Readonly<Record<'sse' | 'ws', Column>>,
): void {
  const form = part(root, 'request-form', HTMLFormElement);
  const text = part(root, 'request-text', HTMLInputElement);

  const ways = {
    response: async (data: string) => {
      const operation = { op: 'request', id: 'in-response', data };
      const path = `/sessions/${sse.link.session}/send?answer=response`;
      const { status, text: body } = await post(path, operation);
      const value = jsonOf(body);
      return fieldOf(value, 'id') === undefined ? `${status}: ${body}` : answerIn(value);
    },
    stream: (data: string) => sse.requests.send(data),
    frame: (data: string) => ws.requests.send(data),
  };

  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    // One after the other: together they would stand in each other's way.
    for (const [way, send] of Object.entries(ways)) {
      const startedMs = performance.now();
      const answer = await send(text.value || 'ping');
      const ms = performance.now() - startedMs;
      write(part(root, `request-${way}`, HTMLTableCellElement), answer);
      write(part(root, `request-${way}-ms`, HTMLTableCellElement), `${ms.toFixed(1)} ms`);
    }
  });
}
