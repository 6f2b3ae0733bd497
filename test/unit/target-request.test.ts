/** Which arms there are on which servers, what is left out of a run on somebody else's, and what is refused. */
import { describe, expect, test } from 'vitest';
import type { Given } from '../../cli/request.ts';
import { readRequest } from '../../cli/request.ts';
import type { FileChoice } from '../../cli/target-file.ts';
import { builtIn, checkTarget } from '../../cli/target-file.ts';
import { recordOfTargets } from '../../cli/target-record.ts';
import type { Scenario } from '../../core/scenario.ts';
import type { Target } from '../../core/target.ts';
import { scenarios } from '../../scenarios/registry.ts';
import { refusalOf } from '../refusal.ts';

const all: Readonly<Record<string, Scenario>> = scenarios;

function choice(changes: Partial<Target> = {}): FileChoice {
  return checkTarget(
    {
      name: 'mine',
      title: 'my server',
      start: { command: 'node server.js' },
      sse: { url: 'http://127.0.0.1:{port}/events', headers: { cookie: 'secret' } },
      ws: { url: 'ws://127.0.0.1:{port}/socket' },
      publish: { post: { url: 'http://127.0.0.1:{port}/publish?key=secret', body: '{message}' } },
      ...changes,
    },
    `${import.meta.dirname}/mine.target.ts`,
  );
}

const running = choice({
  start: undefined,
  sse: { url: 'http://127.0.0.1:8080/events' },
  ws: undefined,
  publish: { post: { url: 'http://127.0.0.1:8080/publish', body: '{message}' } },
});

function read(name: string, given: Given = {}, targets = [choice()] as Targets, tls = false) {
  const scenario = all[name];
  if (scenario === undefined) throw new Error(`there is no scenario ${name}`);
  return readRequest(scenario, given, { quick: false, tls, targets });
}
type Targets = NonNullable<Parameters<typeof readRequest>[2]['targets']>;

function refusal(...args: Parameters<typeof read>): string {
  const { message, hint, exitCode } = refusalOf(() => read(...args));
  expect(exitCode).toBe(2);
  return `${message} ${hint}`;
}

const namesOf = ({ arms }: ReturnType<typeof read>): string[] => arms.map(({ name }) => name);

describe('arms', () => {
  test('of one target have plain names and say in their titles whose they are', () => {
    expect(read('broadcast').arms).toMatchObject([
      { name: 'sse', title: 'SSE, my server', transport: 'sse', target: 'mine' },
      { name: 'ws', title: 'WebSocket, my server', transport: 'ws', target: 'mine' },
    ]);
  });

  test('of several servers carry them in their names, and the floor is ours alone', () => {
    const request = read('broadcast', {}, [choice(), builtIn]);
    expect(namesOf(request)).toEqual([
      'sse@mine',
      'sse@built-in',
      'ws@mine',
      'ws@built-in',
      'raw@built-in',
    ]);
    expect(request.skipped).toEqual([]);
    const [first, second] = request.arms;
    expect(request.server({}, first).target?.name).toBe('mine');
    expect(request.server({}, second).target).toBeUndefined();
  });

  test('are those that the target is described for', () => {
    expect(namesOf(read('broadcast', {}, [running]))).toEqual(['sse']);
    expect(refusal('broadcast', { arms: 'sse,ws' }, [running])).toContain(
      "The arm 'ws' cannot be run: mine is described for sse only. Leave it out of --arms, or add ws: { url } to",
    );
    const both = read('broadcast', { arms: 'sse,ws' }, [running, builtIn]);
    expect(namesOf(both)).toEqual(['sse@mine', 'sse@built-in', 'ws@built-in']);
    expect(both.skipped).toEqual([{ what: 'ws on mine', says: 'mine is described for sse only' }]);
  });

  test('that only our own server speaks are refused', () => {
    expect(refusal('broadcast', { arms: 'raw' })).toBe(
      "The arm 'raw' cannot be run: only the built-in server speaks raw, and mine is described for sse and ws. " +
        'Leave it out of --arms, or compare with --target mine,built-in.',
    );
  });

  test('can be named in limits with their server', () => {
    const request = read('capacity', { objective: 'sse@mine.latency.p99<1s,reach=1' }, [
      choice(),
      builtIn,
    ]);
    expect(request.search?.objective.map(({ arm }) => arm)).toEqual(['sse@mine', undefined]);
  });
});

describe('what only our own server obeys', () => {
  test.each<[Given, RegExp]>([
    [
      { policy: 'block' },
      /^--policy: it is a setting of the built-in server, and mine has its own/,
    ],
    [{ replay: '10' }, /^--replay: /],
    [{ heartbeat: '1s' }, /^--heartbeat: /],
    [{ 'buffer-limit': '1MiB' }, /^--buffer-limit: /],
    [{ processes: '2' }, /^--processes: how many processes mine has/],
    [{ client: 'library' }, /^--client: clients of a library know nothing of target files/],
    [{ inject: 'drop=1%' }, /^--inject: these faults are built into our own server/],
  ])('%j is refused', (given, words) => {
    expect(refusal('broadcast', given)).toMatch(words);
  });

  test('TLS and a port for a server that runs already are refused, too', () => {
    expect(refusal('broadcast', {}, [choice()], true)).toMatch(/^--tls: .* https: and wss:/);
    expect(refusal('broadcast', { port: '8081' }, [running])).toMatch(/^--port: mine runs already/);
    expect(read('broadcast', { port: '8081' }).run.port).toBe(8081);
  });

  test('settings count where ours is among them, and faults of the generator everywhere', () => {
    expect(read('broadcast', { policy: 'block' }, [choice(), builtIn]).server({}).policy).toBe(
      'block',
    );
    expect(read('broadcast', { inject: 'generator=50%' }).faults.generator).toBe(0.5);
  });
});

describe('a scenario', () => {
  const possible = ['broadcast', 'capacity', 'soak', 'sizes', 'idle'];
  test.each(possible)('%s is measured', (name) => {
    expect(namesOf(read(name))).toEqual(['sse', 'ws']);
  });

  test.each([
    ['chat', {}, 'it uses rooms'],
    ['dashboard', {}, 'cannot describe'],
    ['request', {}, 'identity'],
    ['ask', {}, 'identity'],
    ['duplex', {}, 'cannot describe'],
    ['heartbeat', {}, 'heartbeats whose interval can be set'],
    ['restart', {}, 'reconnect with --cut restart comes close'],
    ['backpressure', {}, 'broadcast runs a load without them'],
    ['ticker', {}, 'publishes to keys'],
    ['broadcast', { 'publish-from': 'client' }, 'leave --publish-from out'],
    ['reconnect', {}, '--resume off'],
    ['reconnect', { resume: 'off', cut: 'black-hole', for: '3s' }, '--cut half-open comes close'],
    ['reconnect', { resume: 'off', strategy: 'server' }, '--strategy full-jitter'],
    ['reconnect', { resume: 'off', rate: '1/s' }, 'raise --rate or --silence'],
  ])('%s %j is refused with the reason', (name, given, words) => {
    const says = refusal(name, given);
    expect(says).toMatch(/^Nothing of this can be measured on what was asked for: /);
    expect(says).toContain(words);
  });

  test.each(['rst', 'fin', 'half-open', 'restart'])('reconnect --cut %s is measured', (cut) => {
    expect(namesOf(read('reconnect', { cut, resume: 'off' }))).toEqual(['sse', 'ws']);
  });

  test('reconnect resumes where the target says that it can', () => {
    const sse = { url: 'http://127.0.0.1:{port}/events', resume: true };
    const request = read('reconnect', {}, [choice({ sse })]);
    expect(namesOf(request)).toEqual(['sse']);
    expect(request.skipped).toEqual([
      { what: 'ws', says: expect.stringContaining('can only say of sse') },
    ]);
  });

  test('reconnect needs a start to restart, and no TLS between for a relay', () => {
    expect(refusal('reconnect', { cut: 'restart', resume: 'off' }, [running])).toContain(
      'add start, or try --cut rst',
    );
    const secure = choice({ sse: { url: 'https://127.0.0.1:{port}/events' }, ws: undefined });
    expect(refusal('reconnect', { cut: 'rst', resume: 'off' }, [secure])).toContain('certificate');
    expect(namesOf(read('reconnect', { cut: 'restart', resume: 'off' }, [secure]))).toEqual([
      'sse',
    ]);
  });

  test('idle leaves out what depends on heartbeats, and needs to know the processes', () => {
    const request = read('idle');
    const [arm] = request.arms;
    expect(request.phases({}, arm).map(({ kind }) => kind)).not.toContain('beat');
    expect(
      request.phases({}, arm).filter((phase) => phase.kind === 'rest' && phase.what === 'cpu'),
    ).toEqual([]);
    expect(request.skipped).toEqual([
      { what: 'mine', says: expect.stringContaining('CPU by the interval of heartbeats') },
    ]);
    expect(refusal('idle', {}, [running])).toContain('add start or cost: { pid }');
  });

  test('sizes leaves out messages too small to be found again', () => {
    const { points, skipped } = read('sizes');
    expect(points.map((point) => point['payload'])).toEqual([
      256, 1_024, 4_096, 16_384, 65_536, 262_144, 1_048_576,
    ]);
    expect(skipped.map(({ what }) => what)).toEqual(['mine', 'payload=16', 'payload=64']);
    // Of the others all but the flood at their end.
    expect(skipped[0]?.says).toContain('throughput at full speed');
    expect(skipped[1]?.says).toContain('at least 75 B');
  });

  test('goes on with our own server where another cannot', () => {
    const request = read('chat', {}, [choice(), builtIn]);
    expect(namesOf(request).every((name) => name.endsWith('@built-in'))).toBe(true);
    expect(request.skipped.map(({ what }) => what)).toEqual(['sse@mine', 'ws@mine']);
  });
});

test('the run file says which servers they were, and none of their secrets', () => {
  const record = recordOfTargets([choice(), builtIn, running]);
  expect(record.targets).toEqual([
    {
      name: 'mine',
      title: 'my server',
      file: 'mine.target.ts',
      hash: expect.stringMatching(/^[0-9a-f]{16}$/),
      transports: ['sse', 'ws'],
      publish: 'POST http://127.0.0.1:{port}/publish',
      started: true,
    },
  ]);
  expect(JSON.stringify(record)).not.toContain('secret');
  expect(recordOfTargets([builtIn])).toEqual({});
});
