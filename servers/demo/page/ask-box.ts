/** The server asks, the person at this page answers: over the same connection, or with a POST beside it. */
import { post } from './address.ts';
import type { Link } from './link.ts';
import { announce, part, write } from './parts.ts';
import type { PushedEvent } from './pushed-event.ts';
import { fieldOf, jsonOf } from './pushed-event.ts';

interface Question {
  readonly id: string;
  readonly text: string;
}

export interface AskBox {
  /** Takes an event named `ask`. */
  take(event: PushedEvent): void;
}

export function createAskBox(root: ParentNode, title: string, link: Link): AskBox {
  const trigger = part(root, 'ask', HTMLButtonElement);
  const within = part(root, 'ask-within', HTMLInputElement);
  const outcome = part(root, 'ask-outcome', HTMLParagraphElement);
  const form = part(root, 'ask-form', HTMLFormElement);
  const fields = part(root, 'ask-fields', HTMLFieldSetElement);
  const question = part(root, 'ask-question', HTMLLegendElement);
  const answer = part(root, 'ask-answer', HTMLInputElement);
  const decline = part(root, 'ask-decline', HTMLButtonElement);
  const waiting: Question[] = [];
  const noQuestion = question.textContent ?? '';

  function show(): void {
    const [first, ...others] = waiting;
    fields.disabled = first === undefined;
    const more = others.length === 0 ? '' : ` (${others.length} more waiting)`;
    write(question, first === undefined ? noQuestion : `The server asks: ${first.text}${more}`);
  }

  async function reply(what: Readonly<Record<string, string>>): Promise<void> {
    const asked = waiting.shift();
    if (asked === undefined) return;
    const hadFocus = form.contains(document.activeElement);
    answer.value = '';
    show();
    // A disabled field loses the focus to nowhere.
    if (hadFocus && fields.disabled) trigger.focus();
    const { ok, says } = await link.send({ op: 'answer', id: asked.id, ...what });
    if (!ok) write(outcome, `The answer did not count. ${says}`);
  }

  trigger.addEventListener('click', async () => {
    const { session } = link;
    if (session === undefined) return write(outcome, 'There is no session to ask yet.');
    const seconds = within.valueAsNumber || 15;
    write(outcome, `POST …/ask is waiting, for ${seconds} s at most.`);
    const askedMs = performance.now();
    const { status, text } = await post(`/sessions/${session}/ask?timeout=${seconds * 1_000}`, {
      question: `what do you see in the column ${title}?`,
    });
    const ms = Math.round(performance.now() - askedMs).toLocaleString('en-US');
    write(outcome, `POST …/ask was answered after ${ms} ms with ${status}: ${text}`);
    if (fieldOf(jsonOf(text), 'outcome') === 'timeout') {
      outcome.append(' An answer now is too late, and gets 410.');
    }
    announce(outcome.textContent ?? '');
  });
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    void reply({ data: answer.value });
  });
  decline.addEventListener('click', () => void reply({ error: 'the person declined' }));

  return {
    take({ text }) {
      const value = jsonOf(text);
      const id = fieldOf(value, 'id');
      if (typeof id !== 'string') return;
      const data = fieldOf(value, 'data');
      const asked = fieldOf(data, 'question');
      waiting.push({ id, text: typeof asked === 'string' ? asked : JSON.stringify(data) });
      show();
      announce(`${title}: ${question.textContent}`);
      // Only for who has just asked for it; nobody else is torn away from what he does.
      if (document.activeElement === trigger) answer.focus();
    },
  };
}
