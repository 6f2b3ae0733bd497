import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { AskBehaviour } from '../../core/control.ts';
import type { Client } from '../../core/transport.ts';
import { Responder } from '../../loadgen/responder.ts';

const atOnce: AskBehaviour = {
  workMs: 0,
  work: 'constant',
  parts: 0,
  gapMs: 0,
  payloadBytes: 100,
  seed: 1,
};

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function answering(behaviour: Partial<AskBehaviour>, { refuse = false, takesMs = 0 } = {}) {
  const sent: { at: number; text: string }[] = [];
  const startedAt = Date.now();
  const elapsedMs = (): number => Date.now() - startedAt;
  const client: Client = {
    bytesRead: 0,
    session: 's',
    async send(message) {
      sent.push({ at: elapsedMs(), text: message.toString('latin1') });
      if (takesMs > 0) await new Promise((resolve) => setTimeout(resolve, takesMs));
      if (refuse) throw new Error('refused');
    },
    pause: () => undefined,
    resume: () => undefined,
    close: () => undefined,
  };
  const responder = new Responder({ ...atOnce, ...behaviour }, [undefined, client], () =>
    Math.round(elapsedMs() * 1e6),
  );
  const ask = (text: string): boolean => {
    const bytes = Buffer.from(text);
    return responder.ask(1, bytes, 0, bytes.length, 0);
  };
  return { sent, ask, responder };
}

const operation = (text: string) =>
  JSON.parse(text) as { op: string; id: string; data: { worked: number; body: string } };

describe('a question', () => {
  test('is answered at once where there is no work', () => {
    const { sent, ask } = answering({});
    expect(ask('{"id":"k3-7","data":{"seq":1}}')).toBe(true);
    const [{ text } = { text: '' }] = sent;
    expect(operation(text)).toMatchObject({ op: 'answer', id: 'k3-7', data: { worked: 0 } });
    expect(JSON.stringify(text.slice(text.indexOf('{"worked"'), -1)).length).toBeGreaterThan(100);
    expect(text.slice(text.indexOf('{"worked"'), -1).length).toBe(100);
  });

  test('is answered after the work, and the answer says how long that took', () => {
    const { sent, ask } = answering({ workMs: 20 });
    ask('{"id":"a","data":1}');
    vi.advanceTimersByTime(19);
    expect(sent).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(sent.map(({ text }) => operation(text).data.worked)).toEqual([20e6]);
  });

  test('is answered in parts, a gap apart, before the end', async () => {
    const { sent, ask } = answering({ workMs: 5, parts: 2, gapMs: 10 });
    ask('{"id":"a","data":1}');
    await vi.runAllTimersAsync();
    expect(sent.map(({ at, text }) => [at, operation(text).op, operation(text).id])).toEqual([
      [5, 'part', 'a'],
      [15, 'part', 'a'],
      [25, 'answer', 'a'],
    ]);
  });

  test('is answered in parts one after another, however slowly each gets there', async () => {
    const { sent, ask } = answering({ parts: 3, gapMs: 10 }, { takesMs: 25 });
    ask('{"id":"a","data":1}');
    await vi.runAllTimersAsync();
    // Part 0 is there at 25 ms, when parts 1 and 2 have long been due.
    expect(sent.map(({ at, text }) => [at, operation(text).op])).toEqual([
      [0, 'part'],
      [25, 'part'],
      [50, 'part'],
      [75, 'answer'],
    ]);
  });

  test('without an id is none', () => {
    const { sent, ask } = answering({});
    expect(ask('{"data":1}')).toBe(false);
    expect(ask('')).toBe(false);
    expect(sent).toEqual([]);
  });

  test('is not answered any more once the phase is over', () => {
    const { sent, ask, responder } = answering({ workMs: 20 });
    ask('{"id":"a","data":1}');
    responder.close();
    vi.runAllTimers();
    expect(sent).toEqual([]);
  });
});

test('random work has the mean that was asked for', () => {
  const { sent, ask } = answering({ workMs: 100, work: 'exponential' });
  for (let id = 0; id < 2_000; id += 1) ask(`{"id":"${id}","data":1}`);
  vi.runAllTimers();
  const mean = sent.reduce((sum, { at }) => sum + at, 0) / sent.length;
  expect(mean).toBeGreaterThan(90);
  expect(mean).toBeLessThan(110);
});

test('answers that are refused are counted', async () => {
  const { ask, responder } = answering({ parts: 1 }, { refuse: true });
  ask('{"id":"a","data":1}');
  await vi.runAllTimersAsync();
  expect(responder.failed).toBe(2);
});
