/** What can be asked of a search on the command line, and what cannot. */
import { describe, expect, test } from 'vitest';
import { readRequest } from '../../cli/request.ts';
import { boundSearch } from '../../cli/search-request.ts';
import { clientsOf } from '../../loadgen/offered-load.ts';
import { broadcast } from '../../scenarios/broadcast.ts';
import { capacity } from '../../scenarios/capacity.ts';

const read = (given: Record<string, string> = {}) =>
  readRequest(capacity, given, { quick: false, tls: false });
const limits = {
  descriptors: 1_024,
  hardDescriptors: 4_096,
  ports: 28_232,
  memoryBytes: 2 ** 50,
};

describe('a search', () => {
  test('is for the rate unless something else is asked for', () => {
    expect(read().search?.planAt({})).toMatchObject({
      param: 'rate',
      unit: '/s',
      from: 100,
      to: 20_000,
      factor: 2,
      resolution: 0.1,
    });
    expect(read({ search: 'clients', clients: '50' }).search?.planAt({})).toMatchObject({
      param: 'clients',
      unit: 'count',
      from: 50,
    });
  });

  test('reads its objective, of one arm too', () => {
    const objective = 'latency.p50<5ms, ws.server.busy<80%';
    expect(read({ objective }).search?.objective).toMatchObject([
      { arm: undefined, metric: 'latency.p50', limit: 5_000 },
      { arm: 'ws', metric: 'server.busy', limit: 0.8 },
    ]);
  });

  test.each([
    [{ objective: 'latency.p98<50ms' }, /no metric 'latency.p98'/, /Did you mean 'latency.p9/],
    [{ objective: 'sse.latenzy.p99<50ms' }, /no metric 'sse.latenzy.p99'/, /'latency.p99'/],
    [{ objective: 'wss.latency.p99<50ms' }, /no arm 'wss'/, /Did you mean 'ws'/],
    [{ objective: 'latency.p99<50' }, /--objective: '50' has no unit/, /Nothing was started/],
    [{ objective: '' }, /--objective: it names no limit/, /Nothing/],
    [{ rate: '500/s', 'max-rate': '200/s' }, /begins at 500, which is above/, /Nothing/],
    [{ vary: 'rate=1/s,2/s' }, /rate is what is searched/, /Nothing/],
  ])('refuses %o, saying what is wrong', (given, message, hint) => {
    let refusal: unknown;
    try {
      read(given as Record<string, string>);
    } catch (error) {
      refusal = error;
    }
    expect(refusal).toMatchObject({
      exitCode: 2,
      message: expect.stringMatching(message),
      hint: expect.stringMatching(hint),
    });
  });

  test('for clients goes no further than files and ports allow, and says so', () => {
    const plan = read({ search: 'clients' }).search?.planAt({});
    if (plan === undefined) throw new Error('no search');
    expect(boundSearch(plan, limits)).toMatchObject({
      to: 924,
      bound: { cause: 'descriptors', says: '1,024 open files per process allow no more clients' },
    });
    expect(boundSearch(plan, { ...limits, descriptors: 1e6 })).toMatchObject({
      to: 28_032,
      bound: { cause: 'ports' },
    });
    expect(boundSearch({ ...plan, to: 200 }, limits)).toMatchObject({
      to: 200,
      bound: { cause: 'asked' },
    });
  });

  test('puts its load in the place of the parameter, at each point of a sweep', () => {
    const { phases, points } = read({ search: 'clients', vary: 'payload=128B,1KiB' });
    expect(points).toEqual([{ payload: 128 }, { payload: 1_024 }]);
    expect(clientsOf(phases({ payload: 128, clients: 700 }))).toBe(700);
  });
});

test('a scenario without a search has none', () => {
  expect(readRequest(broadcast, {}, { quick: false, tls: false }).search).toBeUndefined();
});
