/** What `tune` refuses before anything is started, and how it says what is wrong with a configuration. */
import { describe, expect, test } from 'vitest';
import { blameText } from '../../cli/tune-blame-text.ts';
import { command } from '../command.ts';

const tune = (...args: readonly string[]) => command(['tune', ...args], { PATH: '/nowhere' });

describe('what cannot be tuned', () => {
  test.each([
    [[], '--route: it has to be said which: nginx, haproxy, caddy, apache', 2],
    [['--route', 'nginx,caddy'], 'one proxy is tuned at a time', 2],
    [['--route', 'ngnix'], "Did you mean 'nginx'?", 2],
    [['--route', 'nginx', '--only', 'proxy_bufering'], "Did you mean 'proxy_buffering'?", 2],
    [['--route', 'nginx', '--measure', 'idle'], 'without head', 2],
    [['--route', 'nginx', '--transport', 'raw'], "There is no transport 'raw'", 2],
    [['--route', 'nginx', '--max', '100ms'], '--max 100ms is outside 1s', 2],
    [['--route', 'nginx', '--proxy-config', '/nowhere.conf'], 'cannot be read', 2],
    [['--route', 'nginx', '--proxy-config', 'package.json'], 'has no {listen}', 2],
    [['--route', 'nginx'], 'nginx', 3],
  ] as const)('%j is refused with a sentence', async (args, says, exit) => {
    const { code, err } = await tune(...args);
    expect(err).toContain(says);
    expect(err).not.toMatch(/\n\s+at /);
    expect(code).toBe(exit);
  });
});

describe('a verdict on a configuration', () => {
  const found = { file: 'a.conf', proxy: 'nginx', version: '1.22.1', maxMs: 3_000 };
  const harm = {
    kind: 'cut',
    transport: 'sse',
    says: 'SSE: cut after a silence of 1.00 s.',
  } as const;
  const timeout = { directive: 'proxy_read_timeout', was: '1s', harmless: '1h' };
  const upgrade = {
    directive: 'proxy_set_header Upgrade',
    was: undefined,
    harmless: '$http_upgrade',
  };

  test('names the directive, what it says, and what mends it', () => {
    const text = blameText({
      ...found,
      harms: [harm],
      blamed: [{ harm, by: [timeout, upgrade], how: 'each' }],
      mended: 'mended.conf',
    });
    expect(text).toBe(
      [
        'a.conf with nginx 1.22.1:',
        '',
        'SSE: cut after a silence of 1.00 s.',
        '  To blame: proxy_read_timeout 1s. Mended by: proxy_read_timeout 1h.',
        '  Also mended by: proxy_set_header Upgrade $http_upgrade (now: proxy_set_header Upgrade is missing).',
        '',
        'A mended configuration: mended.conf',
        'Cuts were waited for 3.00 s; --max waits for longer ones.',
        '',
      ].join('\n'),
    );
  });

  test('says where nothing is wrong, and where nothing that is known mends it', () => {
    const none = { ...found, mended: undefined };
    expect(blameText({ ...none, harms: [], blamed: [] })).toContain(
      'a.conf: nothing is in the way of streams through nginx 1.22.1.',
    );
    const blamed = [{ harm, by: [], how: 'unknown' as const }];
    expect(blameText({ ...none, harms: [harm], blamed })).toContain(
      'No directive that is known here mends it.',
    );
  });
});
