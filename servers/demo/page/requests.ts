/** Requests of the page that are waiting for an event named `answer`, by the ids they were sent with. */
import type { Link } from './link.ts';
import type { PushedEvent } from './pushed-event.ts';
import { fieldOf, jsonOf } from './pushed-event.ts';

const PATIENCE_MS = 10_000;

/** In words, for the page. */
export type Answer = string;

export interface Requests {
  /** Resolves with the answer that came as an event, or with why there is none. */
  send(data: string): Promise<Answer>;
  /** Takes an event named `answer`. */
  take(event: PushedEvent): void;
}

export function createRequests(link: Link): Requests {
  const waiting = new Map<string, (answer: Answer) => void>();
  let count = 0;
  return {
    async send(data) {
      count += 1;
      const id = String(count);
      const answered = new Promise<Answer>((resolve) => waiting.set(id, resolve));
      const timer = setTimeout(() => waiting.get(id)?.('no answer within 10 s'), PATIENCE_MS);
      const { ok, says } = await link.send({ op: 'request', id, data });
      const answer = ok ? await answered : says;
      clearTimeout(timer);
      waiting.delete(id);
      return answer;
    },
    take({ text }) {
      const value = jsonOf(text);
      waiting.get(String(fieldOf(value, 'id')))?.(answerIn(value));
    },
  };
}

/** @param value the data of an `answer` */
export function answerIn(value: unknown): Answer {
  const error = fieldOf(value, 'error');
  return typeof error === 'string'
    ? `error: ${error}`
    : (JSON.stringify(fieldOf(value, 'data')) ?? 'nothing');
}
