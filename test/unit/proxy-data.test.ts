/** The proxies as data: presets that their own tables allow, templates, words for what went wrong, and docs. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { fastTimers, isOlder, parseSetting, tooNew } from '../../proxies/directive.ts';
import type { ProxyProgram } from '../../proxies/proxy.ts';
import { presetNames } from '../../proxies/proxy.ts';
import { proxies } from '../../proxies/registry.ts';
import { fill, hashOf, roomFor } from '../../proxies/template.ts';
import { complaintOf } from '../../proxies/trouble.ts';

const all: readonly ProxyProgram[] = Object.values<ProxyProgram>(proxies);
const docs = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'routes.md'), 'utf8');

describe.each(all.map((proxy) => [proxy.name, proxy] as const))('%s', (_, proxy) => {
  const { directives, presets } = proxy;

  test.each(presetNames)('has a preset %s of what its directives take', (preset) => {
    for (const [name, value] of Object.entries(presets[preset])) {
      // A placeholder is a number by the time that the proxy reads it.
      expect(
        directives[name]?.kind.pattern.test(fill(value, roomFor(10))),
        `${name}=${value}`,
      ).toBe(true);
      expect(proxy.config(presets[preset], false)).toContain(value);
    }
  });

  test('has every directive in the configuration as soon as it is set', () => {
    for (const [name, { line }] of Object.entries(directives)) {
      const value = 'on';
      const written = line?.(value) ?? `${name} ${value}`;
      expect(proxy.config({ [name]: value }, false), name).toContain(written);
      expect(proxy.config({}, false), name).not.toContain(`${written}\n`);
    }
  });

  test('has time-outs of seconds that its directives take', () => {
    const fast = Object.entries(fastTimers(directives));
    expect(fast.length).toBeGreaterThan(2);
    for (const [name, value] of fast) {
      expect(directives[name]?.kind.pattern.test(value), `${name}=${value}`).toBe(true);
    }
  });

  test('names no placeholder that nobody fills', () => {
    const filled = fill(proxy.config(presets.stock, true), {
      listen: '',
      upstream: '',
      folder: '',
      cert: '',
      key: '',
      pem: '',
      modules: '',
      ...roomFor(1),
    });
    expect(filled).not.toMatch(/\{[a-z]+\}/);
  });

  test('has every directive in docs/routes.md, with its default', () => {
    for (const [name, { default: otherwise, help }] of Object.entries(directives)) {
      expect(docs).toContain(`| \`${name}\` | ${otherwise} | ${help}`);
    }
  });
});

test('a setting is its name and all behind the first equals sign', () => {
  const { directives } = proxies.nginx;
  expect(parseSetting('nginx', directives, 'proxy_set_header Host=a=b')).toEqual({
    'proxy_set_header Host': 'a=b',
  });
  expect(() => parseSetting('nginx', directives, 'gzip')).toThrow(/takes on or off/);
});

test('versions are compared by their numbers', () => {
  expect(isOlder('2.6.2', '2.7')).toBe(true);
  expect(isOlder('2.10.0', '2.7')).toBe(false);
  expect(isOlder('2.7', '2.7')).toBe(false);
  expect(tooNew(proxies.caddy.directives, { stream_close_delay: '5s' }, '2.6.2')).toEqual([
    'stream_close_delay came with 2.7, and this is 2.6.2',
  ]);
  expect(tooNew(proxies.caddy.directives, { stream_close_delay: '5s' }, '2.8.4')).toEqual([]);
});

test('room is made for both sides of every client, in whole hundreds', () => {
  expect(roomFor(500)).toEqual({ connections: '600', sockets: '1300', processes: '24' });
  expect(roomFor(501)['connections']).toBe('700');
});

test('a template has one name, whatever is put into it', () => {
  const template = 'listen {listen}; map { default upgrade; } {unknown}';
  expect(fill(template, { listen: '127.0.0.1:1' })).toBe(
    'listen 127.0.0.1:1; map { default upgrade; } {unknown}',
  );
  expect(hashOf(template)).toBe(hashOf(`${template}`));
  expect(hashOf(template)).not.toBe(hashOf(`${template} `));
});

test.each([
  [
    'nginx',
    '2026/01/01 10:00:00 [emerg] 12#12: bind() to 127.0.0.1:80 failed (98: Address already in use)',
    'bind() to 127.0.0.1:80 failed (98: Address already in use)',
  ],
  [
    'haproxy',
    "[NOTICE]   (7) : haproxy version is 2.6.12\n[ALERT]    (7) : config : parsing [/tmp/pushbench-route-1-2-x/haproxy.cfg:2] : unknown keyword 'b' in 'global' section\n[ALERT]    (7) : config : Fatal errors",
    "config : parsing [haproxy.cfg:2] : unknown keyword 'b' in 'global' section (the line is: second)",
  ],
  [
    'caddy',
    '{"level":"info","msg":"using"}\nError: adapting config using caddyfile: /tmp/pushbench-route-1-2-x/Caddyfile:2: unrecognized directive: b',
    'adapting config using caddyfile: Caddyfile:2: unrecognized directive: b (the line is: second)',
  ],
  [
    'apache',
    "AH00526: Syntax error on line 2 of /tmp/pushbench-route-1-2-x/apache.conf:\nInvalid command 'b'",
    "Syntax error on line 2 of apache.conf: Invalid command 'b' (the line is: second)",
  ],
  ['apache', '[x] [core:notice] [pid 1:tid 1] AH00094: Command line\nlast', 'last'],
  ['nginx', '', 'it gave no reason'],
] as const)('what %s complains about is found in what it says', (name, output, says) => {
  expect(complaintOf(output, proxies[name], 'first\nsecond\nthird')).toBe(says);
});
