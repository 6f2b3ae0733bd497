/** How many clients fit, and what a person is told when more were asked for. */
import { describe, expect, test } from 'vitest';
import { HarnessError } from '../../core/errors.ts';
import { checkClients, chooseWorkers, possibleClients, readLimits } from '../../loadgen/limits.ts';

const limits = { descriptors: 20_000, hardDescriptors: 20_000, ports: 28_232 };

function refusal(asked: number, of: typeof limits): HarnessError {
  try {
    checkClients(asked, of);
  } catch (error) {
    if (error instanceof HarnessError) return error;
    throw error;
  }
  throw new Error('it was accepted');
}

describe('limits', () => {
  test('the smaller of descriptors and ports decides', () => {
    expect(possibleClients(limits)).toEqual({ clients: 19_900, by: 'descriptors' });
    expect(possibleClients({ ...limits, descriptors: 1_000_000 })).toEqual({
      clients: 28_032,
      by: 'ports',
    });
  });

  test('one client too many is refused with the number that fits', () => {
    expect(() => checkClients(19_900, limits)).not.toThrow();
    const { message, hint, exitCode } = refusal(19_901, limits);
    expect(message).toBe(
      '19,901 clients do not fit on this machine: 20,000 open files per process allow 19,900.',
    );
    expect(hint).toContain('Use --clients 19900 or fewer');
    expect(exitCode).toBe(3);
  });

  test('the way to raise the limit is the one that works here', () => {
    expect(refusal(50_000, { ...limits, hardDescriptors: 65_536 }).hint).toContain(
      'ulimit -n 65536',
    );
    expect(refusal(50_000, limits).hint).toContain('LimitNOFILE');
    expect(refusal(50_000, { ...limits, descriptors: 1_000_000 }).hint).toContain(
      'ip_local_port_range',
    );
  });

  test.each([
    ['a small load needs one worker', 500, 25_000, 1, 1],
    ['a large load takes what cores there are', 2_000, 100_000, 4, 3],
    ['no more workers than cores for load alone', 10_000, 500_000, 2, 2],
    ['descriptors may demand more workers than cores', 30_000, 3_000, 1, 2],
  ])('%s', (_, clients, eventsPerS, cores, workers) => {
    expect(chooseWorkers(clients, eventsPerS, cores, limits)).toBe(workers);
  });

  test('this machine has limits at all', () => {
    const { descriptors, ports } = readLimits();
    expect(descriptors).toBeGreaterThan(100);
    expect(ports).toBeGreaterThan(1_000);
  });
});
