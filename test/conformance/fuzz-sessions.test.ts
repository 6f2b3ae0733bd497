/**
 * Random sequences of everything sessions can do, against a model that only knows who is in which room:
 * the accounts must add up, answers must be the right ones, and nothing may be left at the end.
 */
import { describe, expect, test } from 'vitest';
import { createRandom } from '../../core/random.ts';
import type { SlowPolicy } from '../../core/scenario.ts';
import type { RequestHandler } from '../../servers/application.ts';
import type { PushServer } from '../../servers/push-server.ts';
import { openMemoryServer } from './memory-transport.ts';
import type { Member } from './session-model.ts';
import { SessionModel } from './session-model.ts';
import { expectNothingLeft } from './siege.ts';

const STEPS = 1_500;

describe.each(['drop-newest', 'drop-oldest', 'keep-latest', 'disconnect'] as const)(
  '%s',
  (policy) => {
    test.each([3_001, 3_002, 3_003, 3_004])(
      `${STEPS} random steps add up with seed %i`,
      async (seed) => {
        const { model, server } = await openModel(seed, policy);
        for (let step = 0; step < STEPS; step += 1) {
          model.step();
          model.settle();
          // What is promised is kept before the next step.
          await new Promise((resolve) => setImmediate(resolve));
          model.settle();
          expect(server.hub.sessions.size, `step ${step} of seed ${seed}`).toBe(
            model.members.length,
          );
        }
        for (const keep of model.later.splice(0)) keep();
        for (const { connection } of model.members) connection.goOn();
        await new Promise((resolve) => setImmediate(resolve));
        for (const { connection } of model.members) connection.end();
        await new Promise((resolve) => setImmediate(resolve));

        const { hub, asks } = server;
        // It has been about something.
        expect(model.published).toBeGreaterThan(STEPS / 5);
        expect(hub.dropped).toBeGreaterThan(10);
        expect(asks.counters.unknown).toBeGreaterThan(5);
        expect(asks.counters.answered).toBeGreaterThan(5);
        expect(hub.counters.delivered + hub.dropped, `seed ${seed}`).toBe(model.expected);
        expectNothingLeft(server);
        const { opened, answered, failed, timedOut, left } = asks.counters;
        expect(opened).toBe(model.asks.length);
        expect(answered + failed + timedOut + left).toBe(opened);
        for (const { of, number, outcome } of model.asks) {
          const right = { kind: 'answered', data: { number, by: of.id } };
          expect([right, { kind: 'left' }], `ask ${number} of seed ${seed}`).toContainEqual(
            outcome,
          );
        }
        for (const member of model.everyone) expectInOrder(member, seed);
      },
    );
  },
);

/** Numbers rise in what everybody heard, and answers are those to one's own requests, each once. */
function expectInOrder({ connection, id }: Member, seed: number): void {
  const where = `session ${id} of seed ${seed}`;
  const numbers = connection.heard
    .filter(({ event }) => event === '')
    .map(({ data }) => Number(data));
  expect(numbers, where).toEqual([...new Set(numbers)].sort((a, b) => a - b));
  for (const { event, data } of connection.heard) {
    if (event !== 'answer') continue;
    const answer = JSON.parse(data) as { id: string; data?: unknown; error?: string };
    if (answer.error === undefined) {
      expect(answer.data, where).toMatchObject({ of: id, id: Number(answer.id) });
    } else expect(['cancelled', 'on purpose'], where).toContain(answer.error);
  }
}

async function openModel(
  seed: number,
  policy: SlowPolicy,
): Promise<{ model: SessionModel; server: PushServer }> {
  const later: (() => void)[] = [];
  const onRequest: RequestHandler = ({ data }) => {
    const { kind } = data as { kind: string };
    if (kind === 'fail') throw new Error('on purpose');
    if (kind === 'later') return new Promise((resolve) => later.push(() => resolve(data)));
    return kind === 'parts' ? inParts(data) : data;
  };
  const { server, connect } = await openMemoryServer({
    policy,
    bufferLimitBytes: 400,
    breaker: { failures: Number.POSITIVE_INFINITY, openMs: 1 },
    onRequest,
  });
  const model = new SessionModel(createRandom(seed), server, connect, later);
  return { model, server };
}

async function* inParts(data: unknown): AsyncGenerator<unknown, unknown> {
  yield 1;
  yield 2;
  return data;
}
