import { describe, expect, test } from 'vitest';
import { parseCoreList, splitCores } from '../../loadgen/pinning.ts';

describe('a list of cores as the kernel writes it', () => {
  test.each([
    ['0', [0]],
    ['0-2', [0, 1, 2]],
    ['0-2,5', [0, 1, 2, 5]],
    ['0,2,4', [0, 2, 4]],
    ['8-9,12-13', [8, 9, 12, 13]],
    ['3-3', [3]],
  ])('%s is %j', (list, cores) => {
    expect(parseCoreList(list)).toEqual(cores);
  });
});

describe('splitting cores', () => {
  test.each([
    { cores: [0, 1], server: [0], generator: [1] },
    { cores: [0, 1, 2, 3], server: [0, 1], generator: [2, 3] },
    { cores: [2, 5, 7], server: [2], generator: [5, 7] },
  ])(
    '$cores gives the server $server and the generator $generator',
    ({ cores, server, generator }) => {
      expect(splitCores(cores)).toEqual({ server, generator });
    },
  );

  test('gives no core to both and leaves none out', () => {
    for (let count = 2; count <= 16; count += 1) {
      const cores = Array.from({ length: count }, (_, core) => core);
      const { server, generator } = splitCores(cores);
      expect([...server, ...generator]).toEqual(cores);
      expect(generator.length).toBeGreaterThanOrEqual(server.length);
    }
  });
});
