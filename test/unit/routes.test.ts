/** What `--route` and the options of proxies are taken for, and what is refused and why. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { RoutesAsked } from '../../cli/route-options.ts';
import { readRoutes, splitRoutes } from '../../cli/route-options.ts';
import { addRoutes } from '../../cli/route-request.ts';
import { fillParams } from '../../core/params.ts';
import type { Arm } from '../../core/result.ts';
import { reconnect } from '../../scenarios/reconnect.ts';
import { refusalOf } from '../refusal.ts';

/** Programs that are there and never started. */
function folderWith(...programs: readonly string[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'pushbench-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const program of programs) {
    writeFileSync(join(folder, program), '');
    chmodSync(join(folder, program), 0o755);
  }
  return folder;
}

const all = (): string => folderWith('nginx', 'haproxy', 'caddy', 'httpd');

function asked(texts: Record<string, string>, more: Partial<RoutesAsked> = {}): RoutesAsked {
  const usual = { tls: false, fastTimers: false, port: 0, platform: 'linux' } as const;
  return { texts, path: more.path ?? all(), ...usual, ...more };
}

/** Message and hint. */
function refusal(texts: Record<string, string>, more: Partial<RoutesAsked> = {}): string {
  const { message, hint } = refusalOf(() => readRoutes(asked(texts, more)));
  return `${message} ${hint}`;
}

const templateOf = (texts: Record<string, string>, more: Partial<RoutesAsked> = {}): string => {
  const plan = readRoutes(asked(texts, more)).routes.at(-1)?.plan;
  if (plan?.kind !== 'proxy') throw new Error('no proxy');
  return plan.template;
};

describe('the text of --route', () => {
  test('is split at commas, but for those in a relay', () => {
    expect(
      splitRoutes('direct,relay:delay=40ms,jitter=5ms, nginx,url:https://a.example/b'),
    ).toEqual(['direct', 'relay:delay=40ms,jitter=5ms', 'nginx', 'url:https://a.example/b']);
  });

  test('left out is the direct route alone', () => {
    expect(readRoutes(asked({})).routes.map(({ name }) => name)).toEqual(['direct']);
  });

  test.each([
    [{ route: 'ngnix' }, "no route 'ngnix'. Did you mean 'nginx'?"],
    [{ route: 'nginx,nginx' }, 'nginx is there twice'],
    [{ route: ',' }, 'it names no route'],
    [{ route: 'relay:dealy=40ms' }, "not 'dealy=40ms'. Did you mean 'delay'?"],
    [{ route: 'relay:delay=40' }, "'40' has no unit"],
    [{ route: 'relay:bandwidth=2MiB' }, 'write it like 2MiB/s'],
    [{ route: 'relay:delay=1h' }, 'at most 10s'],
    [{ route: 'url:push.example.com' }, 'has no address'],
    [{ route: 'url:ftp://a.example' }, 'not ftp://'],
    [{ route: 'url:https://a.example' }, 'say with --port where'],
    [{ route: 'url:https://me:secret@a.example' }, 'an address and a path, and nothing else'],
    [{ 'proxy-set': 'nginx.gzip=on' }, '--route names none of'],
    [{ route: 'caddy', 'proxy-set': 'nginx.gzip=on' }, 'nginx is not in --route'],
    [
      { route: 'nginx', 'proxy-set': 'nginx.proxy_bufering=off' },
      "Did you mean 'proxy_buffering'?",
    ],
    [{ route: 'nginx', 'proxy-set': 'nginx.proxy_buffering=no' }, "takes on or off, not 'no'"],
    [{ route: 'nginx', 'proxy-set': 'proxy_buffering=off' }, 'does not begin with a proxy'],
    [{ route: 'nginx', 'proxy-set': 'nginx.gzip_types=a;nginx.gzip=on}' }, "not 'on}'"],
    [{ route: 'nginx', 'proxy-preset': 'stok' }, "Did you mean 'stock'?"],
    [{ route: 'nginx', 'proxy-config': '/nowhere' }, '/nowhere cannot be read'],
    [{ route: 'nginx,caddy', 'proxy-config': 'a.conf' }, "say whose 'a.conf' is"],
    [{ route: 'nginx', 'proxy-config': 'caddy=a' }, 'caddy is not in --route'],
  ])('%o is refused', (texts, says) => {
    expect(refusal(texts as Record<string, string>)).toContain(says);
  });

  test('--tls and --fast-timers make no sense with everything', () => {
    const url = { route: 'url:https://a.example' };
    expect(refusal(url, { tls: true, port: 80 })).toContain('decided by its http:// or https://');
    expect(refusal({ route: 'direct' }, { fastTimers: true })).toContain('--fast-timers');
  });
});

describe('a proxy that is not installed', () => {
  test('is left out with the command that installs it', () => {
    const { routes, skipped } = readRoutes(
      asked({ route: 'nginx,caddy' }, { path: folderWith('nginx') }),
    );
    expect(routes.map(({ name }) => name)).toEqual(['nginx']);
    expect(skipped).toEqual([
      { what: '--route caddy', says: 'it is not installed (apt-get install caddy)' },
    ]);
  });

  test('is the end where nothing else was asked for', () => {
    const path = folderWith();
    expect(refusal({ route: 'apache,haproxy' }, { path, platform: 'darwin' })).toMatch(
      /Apache httpd and HAProxy are not installed\. .*brew install httpd; brew install haproxy/,
    );
  });
});

describe('the configuration of a proxy', () => {
  test('has what was set last, and not what was taken out', () => {
    const template = templateOf({
      route: 'nginx',
      'proxy-preset': 'recommended',
      'proxy-set': 'nginx.proxy_buffering=on; nginx.proxy_read_timeout=',
    });
    expect(template).toContain('proxy_buffering on;');
    expect(template).not.toContain('proxy_read_timeout');
  });

  test('has time-outs of seconds with --fast-timers, unless they were set', () => {
    const texts = { route: 'haproxy', 'proxy-set': 'haproxy.timeout client=9s' };
    const template = templateOf(texts, { fastTimers: true });
    expect(template).toContain('timeout tunnel 3s');
    expect(template).toContain('timeout client 9s');
  });

  test('of a file needs its two places, and its certificate with --tls', () => {
    const file = join(folderWith(), 'mine.cfg');
    const texts = { route: 'haproxy', 'proxy-config': file };
    writeFileSync(file, 'bind {listen}');
    expect(refusal(texts)).toContain('has no {upstream}');
    writeFileSync(file, 'bind {listen}\nserver a {upstream}');
    expect(templateOf(texts)).toContain('server a {upstream}');
    expect(refusal(texts, { tls: true })).toContain('neither {cert} and {key} nor {pem}');
    expect(refusal({ ...texts, 'proxy-set': 'haproxy.maxconn=1' })).toContain('write it into that');
  });
});

const arm = (name: string, more: Partial<Arm> = {}): Arm => ({
  name,
  title: name,
  transport: name,
  client: 'lean',
  target: 'built-in',
  route: 'direct',
  role: name === 'raw' ? 'floor' : 'candidate',
  ...more,
});
const arms = [arm('sse'), arm('ws'), arm('raw')];
const nothing = { points: [{}], phases: () => [], targetOf: () => undefined };

describe('arms on routes', () => {
  test('are every arm on every route, but what is not HTTP', () => {
    const { routes } = readRoutes(asked({ route: 'direct,nginx,relay:delay=1ms' }));
    const found = addRoutes(arms, routes, nothing);
    expect(found.arms.map(({ name, route }) => [name, route])).toEqual([
      ['sse', 'direct'],
      ['sse@nginx', 'nginx'],
      ['sse@relay', 'relay'],
      ['ws', 'direct'],
      ['ws@nginx', 'nginx'],
      ['ws@relay', 'relay'],
      ['raw', 'direct'],
      ['raw@relay', 'relay'],
    ]);
    expect(found.skipped).toEqual([
      { what: 'raw@nginx', says: expect.stringContaining('not HTTP') },
    ]);
  });

  test('carry the preset where there are several', () => {
    const { routes } = readRoutes(asked({ route: 'caddy', 'proxy-preset': 'stock,recommended' }));
    expect(addRoutes([arm('ws')], routes, nothing).arms.map(({ name }) => name)).toEqual([
      'ws@caddy-stock',
      'ws@caddy-recommended',
    ]);
  });

  test('are none where nothing can take the route', () => {
    const { routes } = readRoutes(asked({ route: 'nginx' }));
    expect(() => addRoutes([arm('raw')], routes, nothing)).toThrow(
      /Nothing is left to run: raw@nginx: it is not HTTP/,
    );
  });

  test.each([
    ['black-hole', 'direct,nginx', 'a network of its own'],
    ['rst', 'direct,url:https://a.example', '--cut rst puts a relay'],
  ])('are left out of --cut %s through %s', (cut, route, says) => {
    const phases = () =>
      reconnect.phases(fillParams(reconnect.params, { cut, for: '3s' }) as never);
    const { routes } = readRoutes(asked({ route }, { port: 80 }));
    const { arms: kept, skipped } = addRoutes([arm('ws')], routes, { ...nothing, phases });
    expect(kept.map(({ name }) => name)).toEqual(['ws']);
    expect(skipped[0]?.says).toContain(says);
  });

  test('of a server behind TLS are direct only', () => {
    const target = { name: 'mine', ws: { url: 'wss://a.example/ws' } } as never;
    const { routes } = readRoutes(asked({ route: 'direct,nginx' }));
    const { skipped } = addRoutes([arm('ws')], routes, { ...nothing, targetOf: () => target });
    expect(skipped).toEqual([{ what: 'ws@nginx', says: expect.stringContaining('over TLS') }]);
  });
});
