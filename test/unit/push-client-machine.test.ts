/** How a push client stays connected, with a time and with links that the test makes up. */
import { describe, expect, test } from 'vitest';
import { createRandom } from '../../core/random.ts';
import type { ClientState, Failure } from '../../transports/push-client/client-state.ts';
import { isFinal } from '../../transports/push-client/client-state.ts';
import type { MachineOptions } from '../../transports/push-client/connection-machine.ts';
import { ConnectionMachine } from '../../transports/push-client/connection-machine.ts';
import type {
  Introduction,
  Link,
  LinkEnd,
  LinkEvents,
  Protocol,
} from '../../transports/push-client/link.ts';
import { fullJitter } from '../../transports/push-client/reconnect.ts';
import { FakeTimers } from '../fake-timers.ts';

const TIMEOUT = 1_000;
const LIVENESS = 5_000;
const UPGRADE_RETRY = 60_000;
const WAIT = 100;

interface FakeLink {
  readonly protocol: Protocol;
  readonly introduction: Introduction;
  readonly events: LinkEvents;
  readonly sent: string[];
  destroyed: boolean;
}

function start(given: Partial<MachineOptions> = {}) {
  const timers = new FakeTimers();
  const links: FakeLink[] = [];
  const states: ClientState[] = [];
  const received: string[] = [];
  const waits: (readonly [number, number | undefined])[] = [];
  const machine = new ConnectionMachine({
    protocols: ['ws', 'sse'],
    connectTimeoutMs: TIMEOUT,
    livenessMs: LIVENESS,
    upgradeRetryMs: UPGRADE_RETRY,
    lastEventId: undefined,
    random: createRandom(1),
    timers,
    reconnect: (attempt, retryMs) => {
      waits.push([attempt, retryMs]);
      return WAIT;
    },
    open(protocol, introduction, events) {
      const fake: FakeLink = { protocol, introduction, events, sent: [], destroyed: false };
      links.push(fake);
      const link: Link = {
        confirms: protocol === 'sse',
        send: async (operation) => void fake.sent.push(operation),
        close: async () => undefined,
        destroy: () => {
          fake.destroyed = true;
        },
      };
      return link;
    },
    onState: (state) => states.push(state),
    onEvent: ({ event, id }) => received.push(id === '' ? event : id),
    ...given,
  });
  machine.start();
  const last = (): FakeLink => {
    const link = links.at(-1);
    if (link === undefined) throw new Error('no link was opened');
    return link;
  };
  return {
    machine,
    timers,
    links,
    states,
    received,
    waits,
    last,
    tried: () => links.map(({ protocol }) => protocol),
    event: (event: string, data: unknown = {}, id = '') =>
      last().events.event({ event, id, data, text: JSON.stringify(data) }),
    welcome(resumed = false, session = 's1') {
      this.event('welcome', { session, resumed });
    },
    end: (end: LinkEnd) => last().events.ended(end),
    /** The wait is over. */
    again: () => timers.advance(WAIT),
  };
}

const refused = (status: number | undefined, retryMs?: number): LinkEnd => ({
  kind: 'refused',
  status,
  says: `status ${status}`,
  spoken: false,
  retryMs,
});
const unreachable: LinkEnd = { kind: 'unreachable', says: 'nobody there' };
const cut: LinkEnd = { kind: 'cut', says: 'cut' };

describe('connecting', () => {
  test('asks for an identity first, and is open when the server says welcome', () => {
    const client = start();
    expect(client.last().introduction).toEqual({ session: undefined, lastEventId: undefined });
    expect(client.states).toEqual([{ is: 'connecting', transport: 'ws' }]);
    client.welcome();
    expect(client.states.at(-1)).toEqual({
      is: 'open',
      transport: 'ws',
      session: 's1',
      resumed: false,
    });
  });

  test.each<[string, LinkEnd]>([
    ['a status instead of 101', refused(403)],
    ['a server that is busy', refused(503)],
    ['a proxy that drops upgrades', cut],
    ['an answer that is no HTTP', refused(undefined)],
  ])('falls back to SSE after %s', (_what, end) => {
    const client = start();
    client.end(end);
    expect(client.tried()).toEqual(['ws', 'sse']);
    expect(client.waits).toEqual([]);
    client.welcome();
    expect(client.states.at(-1)).toMatchObject({ is: 'open', transport: 'sse' });
  });

  test('falls back to SSE when there is no answer in time, and gives the first one up', () => {
    const client = start();
    client.timers.advance(TIMEOUT - 1);
    expect(client.tried()).toEqual(['ws']);
    client.timers.advance(1);
    expect(client.tried()).toEqual(['ws', 'sse']);
    expect(client.links[0]?.destroyed).toBe(true);
    client.links[0]?.events.event({ event: 'welcome', id: '', data: { session: 'x' }, text: '' });
    expect(client.states.at(-1)).toEqual({ is: 'connecting', transport: 'sse' });
  });

  test('does not try another protocol where nobody is', () => {
    const client = start();
    client.end(unreachable);
    expect(client.tried()).toEqual(['ws']);
    expect(client.states.at(-1)).toMatchObject({ is: 'waiting', ms: WAIT });
  });

  test('keeps trying until the server is there, and counts the rounds', () => {
    const client = start();
    for (let round = 0; round < 3; round += 1) {
      client.end(unreachable);
      client.again();
    }
    client.welcome();
    client.end(cut);
    expect(client.waits.map(([attempt]) => attempt)).toEqual([0, 1, 2, 0]);
  });

  test('takes a stranger that says something else for none of its own', () => {
    const client = start({ protocols: ['ws'] });
    client.event('message', 'hello');
    expect(client.states.at(-1)).toMatchObject({
      is: 'waiting',
      causes: [{ kind: 'refused', says: 'it did not say welcome, as a push server does' }],
    });
    expect(client.received).toEqual([]);
  });

  test('gives up when it is refused in a way that would not change', () => {
    const client = start();
    client.end(refused(404));
    client.end(refused(404));
    expect(client.states.at(-1)).toMatchObject({ is: 'closed' });
    expect(client.timers.pending).toBe(0);
  });

  test('waits as long as a busy server asks for', () => {
    const client = start();
    client.end(refused(503, 5_000));
    client.end(refused(503, 2_000));
    expect(client.waits).toEqual([[0, 5_000]]);
  });
});

describe('whether asking again would help', () => {
  const failures = (...ends: readonly LinkEnd[]): Failure[] =>
    ends.map((end) => ({ ...end, transport: 'ws' }));
  test.each<[string, Failure[], boolean]>([
    ['not where both say no', failures(refused(404), refused(404)), true],
    ['not where both want a token', failures(refused(401), refused(401)), true],
    ['not where one wants a token', failures(refused(undefined), refused(401)), true],
    ['where one is busy', failures(refused(403), refused(503)), false],
    ['where one has enough of us', failures(refused(429)), false],
    ['where nobody is', failures(unreachable), false],
    ['where one gave no answer', failures({ kind: 'silent', says: '' }, refused(404)), false],
  ])('%s', (_what, causes, final) => {
    expect(isFinal(causes)).toBe(final);
  });
});

describe('going back to the preferred protocol', () => {
  test('a reconnect soon after a fallback does not try what was refused', () => {
    const client = start();
    client.end(refused(403));
    client.welcome();
    client.end(cut);
    client.again();
    expect(client.tried()).toEqual(['ws', 'sse', 'sse']);
  });

  test('a reconnect later tries it first', () => {
    const client = start({ livenessMs: 0 });
    client.end(refused(403));
    client.welcome();
    client.timers.advance(UPGRADE_RETRY);
    client.end(cut);
    client.again();
    expect(client.tried()).toEqual(['ws', 'sse', 'ws']);
  });

  test('what was refused is tried last where the other has gone too', () => {
    const client = start();
    client.end(refused(403));
    client.welcome();
    client.end(cut);
    client.again();
    client.end(refused(404));
    expect(client.tried()).toEqual(['ws', 'sse', 'sse', 'ws']);
  });

  test('a round that failed as a whole holds nothing against any of them', () => {
    const client = start();
    client.end(refused(503));
    client.end(refused(503));
    client.again();
    expect(client.tried()).toEqual(['ws', 'sse', 'ws']);
  });
});

describe('coming back', () => {
  test('names the session and the last event, on whichever protocol', () => {
    const client = start();
    client.welcome();
    client.event('message', 1, 'i-z');
    client.event('quote', 2, 'i-10');
    client.end(cut);
    client.again();
    expect(client.last().introduction).toEqual({ session: 's1', lastEventId: 'i-10' });
    client.end(refused(403));
    expect(client.last()).toMatchObject({
      protocol: 'sse',
      introduction: { session: 's1', lastEventId: 'i-10' },
    });
  });

  test('drops what it has seen, and keeps what has no id', () => {
    const client = start();
    client.welcome();
    for (const id of ['i-9', 'i-a', 'i-9', 'i-a', '', '', 'i-z', 'i-10', 'j-1', 'i-z', 'j-2']) {
      client.event('message', null, id);
    }
    expect(client.received).toEqual([
      ...['i-9', 'i-a', 'message', 'message', 'i-z', 'i-10', 'j-1', 'j-2'],
    ]);
  });

  test('honours when the server wants to see it again', () => {
    const client = start();
    client.welcome();
    client.end({ ...cut, retryMs: 1_500 });
    expect(client.waits).toEqual([[0, 1_500]]);
  });

  test('nothing that a link says after its end counts', () => {
    const client = start();
    client.welcome();
    const old = client.last();
    client.end(cut);
    old.events.event({ event: 'message', id: 'i-1', data: 1, text: '1' });
    old.events.ended(cut);
    client.again();
    old.events.alive();
    old.events.ended(cut);
    expect(client.received).toEqual([]);
    expect(client.tried()).toEqual(['ws', 'ws']);
  });

  test('a closed client stays closed', async () => {
    const client = start();
    client.welcome();
    await client.machine.close();
    client.timers.advance(3_600_000);
    expect(client.tried()).toEqual(['ws']);
    expect(client.states.at(-1)).toEqual({ is: 'closed', causes: [] });
    expect(client.timers.pending).toBe(0);
  });
});

describe('signs of life', () => {
  test('a silent WebSocket is sent a ping, and cut when there is no answer', () => {
    const client = start();
    client.welcome();
    client.timers.advance(LIVENESS);
    expect(client.last().sent).toEqual(['{"op":"ping"}']);
    client.timers.advance(TIMEOUT);
    expect(client.states.at(-1)).toMatchObject({ is: 'waiting' });
    expect(client.last().destroyed).toBe(true);
  });

  test('an answer, or anything else that comes, keeps it', () => {
    const client = start();
    client.welcome();
    client.timers.advance(LIVENESS);
    client.event('pong');
    client.timers.advance(LIVENESS - 1);
    client.last().events.alive();
    client.timers.advance(LIVENESS - 1);
    expect(client.last().sent).toEqual(['{"op":"ping"}']);
    expect(client.states.at(-1)).toMatchObject({ is: 'open' });
  });

  test('a silent stream is cut after three times as long', () => {
    const client = start({ protocols: ['sse'] });
    client.welcome();
    client.timers.advance(3 * LIVENESS - 1);
    expect(client.states.at(-1)).toMatchObject({ is: 'open' });
    client.timers.advance(1);
    expect(client.states.at(-1)).toMatchObject({
      is: 'waiting',
      causes: [{ kind: 'cut', says: 'nothing came for 15000 ms' }],
    });
    expect(client.last().sent).toEqual([]);
  });

  test('0 doubts nothing', () => {
    const client = start({ livenessMs: 0 });
    client.welcome();
    client.timers.advance(3_600_000);
    expect(client.last().sent).toEqual([]);
    expect(client.states.at(-1)).toMatchObject({ is: 'open' });
  });
});

describe('an operation that is confirmed', () => {
  test('over WebSocket, is between two pings', async () => {
    const client = start();
    client.welcome();
    const done = client.machine.confirm('{"op":"join"}');
    expect(client.last().sent).toEqual(['{"op":"ping"}', '{"op":"join"}', '{"op":"ping"}']);
    client.event('pong');
    client.event('pong');
    await expect(done).resolves.toBeUndefined();
  });

  test('takes the refusal between its pongs for its own, and no other', async () => {
    const client = start();
    client.welcome();
    const first = client.machine.confirm('{"op":"join"}');
    const second = client.machine.confirm('{"op":"leave"}');
    client.event('refused', { status: 400, says: 'something else' });
    client.event('pong');
    client.event('refused', { status: 404, says: 'no such room' });
    client.event('pong');
    client.event('pong');
    client.event('pong');
    await expect(first).rejects.toMatchObject({
      code: 'refused',
      status: 404,
      message: 'no such room',
    });
    await expect(second).resolves.toBeUndefined();
    expect(client.received).toEqual(['refused']);
  });

  test('is lost with the connection', async () => {
    const client = start();
    client.welcome();
    const done = client.machine.confirm('{"op":"join"}');
    client.end(cut);
    await expect(done).rejects.toMatchObject({ code: 'lost', message: 'cut' });
  });

  test('over POST, is what the server said', async () => {
    const client = start({ protocols: ['sse'] });
    client.welcome();
    await client.machine.confirm('{"op":"join"}');
    expect(client.last().sent).toEqual(['{"op":"join"}']);
  });
});

describe('full jitter', () => {
  const always = (value: number) => ({ ...createRandom(1), next: () => value });
  test.each([
    [0, undefined, 0.5, 250],
    [1, undefined, 0.5, 500],
    [6, undefined, 0.5, 15_000],
    [60, undefined, 0.5, 15_000],
    [2_000, undefined, 0.999, 29_970],
    [0, 3_000, 0, 3_000],
    [0, 3_000, 0.5, 3_250],
    [0, Number.MAX_SAFE_INTEGER, 0.5, 2 ** 31 - 1],
  ])('attempt %i, asked for %s, drawing %d: %i ms', (attempt, retryMs, drawn, ms) => {
    expect(fullJitter()(attempt, retryMs, always(drawn))).toBe(ms);
  });

  test('spreads a crowd evenly over the whole limit', () => {
    const random = createRandom(7);
    const drawn = Array.from({ length: 10_000 }, () => fullJitter()(2, undefined, random));
    const inFirstQuarter = drawn.filter((ms) => ms < 500).length;
    expect(Math.min(...drawn)).toBeLessThan(5);
    expect(Math.max(...drawn)).toBeGreaterThan(1_995);
    expect(inFirstQuarter).toBeGreaterThan(2_350);
    expect(inFirstQuarter).toBeLessThan(2_650);
  });
});
