/** What is left of a request where no network of its own can be made for a trial. */
import { describe, expect, test, vi } from 'vitest';
import { fitToNetworks } from '../../cli/network-request.ts';
import type { Request } from '../../cli/request.ts';
import { readRequest } from '../../cli/request.ts';
import type { HarnessError } from '../../core/errors.ts';
import { scenarios } from '../../scenarios/registry.ts';

const WHY = 'there is no command ip';
const SAYS = `a black hole takes a network of its own (Linux, root, ip and ss of iproute2, nsenter): ${WHY}`;
const withoutNetworks = (): Promise<string | undefined> => Promise.resolve(WHY);

/** A black hole has to last longer than the silence by which it is noticed. */
function reconnect(given: Readonly<Record<string, string>>, tls = false): Request {
  const patient = { for: '3s', duration: '9s', ...given };
  return readRequest(scenarios.reconnect, patient, { quick: false, tls });
}

const refusalOf = (request: Request): Promise<HarnessError> =>
  fitToNetworks(request, withoutNetworks).then(
    () => {
      throw new Error('it was taken');
    },
    (thrown: HarnessError) => thrown,
  );

describe('where namespaces are not available', () => {
  test('a point that needs them is skipped with the reason, and the others are measured', async () => {
    const { points, arms, skipped } = await fitToNetworks(
      reconnect({ vary: 'cut=rst,black-hole,fin' }),
      withoutNetworks,
    );
    expect(points).toEqual([{ cut: 'rst' }, { cut: 'fin' }]);
    expect(arms.map(({ name }) => name)).toEqual(['sse', 'ws']);
    expect(skipped).toEqual([{ what: 'cut=black-hole', says: SAYS }]);
  });

  test('an arm that needs them at every point is skipped, and the others are measured', async () => {
    const request = reconnect({});
    const holes = reconnect({ cut: 'black-hole' });
    const mixed: Request = {
      ...request,
      phases: (point, arm) => (arm?.name === 'ws' ? holes : request).phases(point, arm),
    };
    const { points, arms, skipped } = await fitToNetworks(mixed, withoutNetworks);
    expect(points).toEqual([{}]);
    expect(arms.map(({ name }) => name)).toEqual(['sse']);
    expect(skipped).toEqual([{ what: 'ws', says: SAYS }]);
  });

  test.each([
    ['a black hole', reconnect({ cut: 'black-hole' })],
    ['heartbeats', readRequest(scenarios.heartbeat, {}, { quick: false, tls: false })],
  ])('%s alone are refused, with the exit code of a machine that cannot', async (_, request) => {
    const error = await refusalOf(request);
    expect(error).toMatchObject({ code: 'no-namespaces', exitCode: 3 });
    expect(error.message).toContain(WHY);
    expect(error.hint).toContain('iproute2 (ip, ss)');
  });

  test('nobody is asked about them where nothing needs them', async () => {
    const asked = vi.fn(withoutNetworks);
    const request = reconnect({ vary: 'cut=rst,fin' });
    expect(await fitToNetworks(request, asked)).toBe(request);
    expect(asked).not.toHaveBeenCalled();
  });
});

test('where they are available everything stays as it is', async () => {
  const request = reconnect({ vary: 'cut=rst,black-hole' });
  expect(await fitToNetworks(request, () => Promise.resolve(undefined))).toBe(request);
});

describe('with TLS, whose certificate is for another address', () => {
  test('a black hole is skipped beside other cuts', async () => {
    const { points, skipped } = await fitToNetworks(
      reconnect({ vary: 'cut=rst,black-hole' }, true),
      withoutNetworks,
    );
    expect(points).toEqual([{ cut: 'rst' }]);
    expect(skipped).toMatchObject([
      { what: 'cut=black-hole', says: expect.stringContaining('--tls') },
    ]);
  });

  test('and refused alone', async () => {
    const error = await refusalOf(reconnect({ cut: 'black-hole' }, true));
    expect(error).toMatchObject({ code: 'bad-value', exitCode: 2 });
    expect(error.message).toMatch(/^--tls: /);
  });
});
