/** Directives are found and changed in configurations that other people wrote, and nothing else is. */
import { describe, expect, test } from 'vitest';
import { valueIn, withDirective } from '../../loadgen/tune/edit.ts';
import { knobsOf } from '../../loadgen/tune/knobs/registry.ts';
import { tunedFigures } from '../../loadgen/tune/tuned-figures.ts';
import type { ProxyProgram } from '../../proxies/proxy.ts';
import type { ProxyName } from '../../proxies/registry.ts';
import { proxies } from '../../proxies/registry.ts';

const NGINX = `events { worker_connections 64; }
http {
  # proxy_buffering off; would be better
  server { listen {listen};
    location / { proxy_pass http://{upstream}; proxy_buffering  on; proxy_set_header   Connection ""; }
  }
}
`;
const HAPROXY = `global
  maxconn 100
defaults
  mode http
  timeout client 1h # long
  no option http-no-delay
  option http-server-close
frontend f
  bind {listen}
`;
const CADDY = 'http://{listen} {\n\treverse_proxy {upstream}\n}\n';
const APACHE =
  'Listen {listen}\nTimeout 5\nProxyPass / http://{upstream}/ timeout=3 keepalive=On\n';

const cases: readonly (readonly [ProxyName, string, string, string | undefined])[] = [
  ['nginx', NGINX, 'proxy_buffering', 'on'],
  ['nginx', NGINX, 'proxy_set_header Connection', '""'],
  ['nginx', NGINX, 'worker_connections', '64'],
  ['nginx', NGINX, 'proxy_read_timeout', undefined],
  ['haproxy', HAPROXY, 'timeout client', '1h'],
  ['haproxy', HAPROXY, 'timeout server', undefined],
  ['haproxy', HAPROXY, 'option http-no-delay', 'off'],
  ['haproxy', HAPROXY, 'option http-server-close', 'on'],
  ['caddy', CADDY, 'flush_interval', undefined],
  ['apache', APACHE, 'Timeout', '5'],
  ['apache', APACHE, 'ProxyTimeout', undefined],
  ['apache', APACHE, 'ProxyPass timeout', '3'],
  ['apache', APACHE, 'ProxyPass upgrade', undefined],
];

describe('a directive in a text', () => {
  test.each(cases)('%s: what it says is read', (name, text, directive, value) => {
    expect(valueIn(proxies[name], text, directive)).toBe(value);
  });

  test('a comment is no directive', () => {
    expect(withDirective(proxies.nginx, NGINX, 'proxy_buffering', 'off')).toBe(
      NGINX.replace('proxy_buffering  on;', 'proxy_buffering off;'),
    );
  });

  test('one that is missing is put where it belongs, with the map that it needs', () => {
    const changed = withDirective(
      proxies.nginx,
      NGINX.replace('proxy_set_header   Connection "";', ''),
      'proxy_set_header Connection',
      '$connection_upgrade',
    );
    expect(changed).toContain(
      'proxy_pass http://{upstream}; proxy_set_header Connection $connection_upgrade;',
    );
    expect(changed).toMatch(/http \{\n {2}map \$http_upgrade \$connection_upgrade \{/);
  });

  test('switches are turned on and taken out', () => {
    const on = withDirective(proxies.haproxy, HAPROXY, 'option http-no-delay', 'on') ?? '';
    expect(on).toBe(HAPROXY.replace('no option http-no-delay', 'option http-no-delay'));
    const out = withDirective(proxies.haproxy, HAPROXY, 'option http-server-close', 'off') ?? '';
    expect(valueIn(proxies.haproxy, out, 'option http-server-close')).toBeUndefined();
  });

  test('Caddy gets a block where it had none, and a second line in the block that it has', () => {
    const once = withDirective(proxies.caddy, CADDY, 'flush_interval', '-1') ?? '';
    expect(once).toBe(
      'http://{listen} {\n\treverse_proxy {upstream} {\n\t\tflush_interval -1\n\t}\n}\n',
    );
    const twice = withDirective(proxies.caddy, once, 'buffer_responses', 'on') ?? '';
    expect(twice).toContain('reverse_proxy {upstream} {\n\t\tbuffer_responses\n\t\tflush_interval');
    expect(valueIn(proxies.caddy, twice, 'buffer_responses')).toBe('on');
  });

  test('what stands behind ProxyPass is added, changed and taken out by itself', () => {
    const added = withDirective(proxies.apache, APACHE, 'ProxyPass upgrade', 'websocket') ?? '';
    expect(added).toContain('timeout=3 keepalive=On upgrade=websocket\n');
    const less = withDirective(proxies.apache, APACHE, 'ProxyPass timeout', '') ?? '';
    expect(valueIn(proxies.apache, less, 'ProxyPass timeout')).toBeUndefined();
    expect(valueIn(proxies.apache, less, 'ProxyPass keepalive')).toBe('On');
  });

  test('where there is no place for it, that is said', () => {
    expect(withDirective(proxies.haproxy, 'listen all\n', 'timeout server', '1h')).toBeUndefined();
  });
});

describe.each(Object.keys(proxies) as ProxyName[])('the knobs of %s', (name) => {
  const { directives, presets }: ProxyProgram = proxies[name];
  const { knobs, harmless, timeouts } = knobsOf[name];
  const all = [...knobs.map(({ set }) => set), harmless].flatMap((set) => Object.entries(set));

  test.each(all)('%s=%s is a directive, and a value that it takes', (directive, value) => {
    expect(Object.keys(directives)).toContain(directive);
    if (value !== '') expect(value).toMatch(directives[directive]?.kind.pattern ?? /never/);
  });

  test('what is said of them is about figures that there are', () => {
    const known = tunedFigures.map(({ id }) => id);
    for (const { folklore } of knobs) {
      for (const figure of folklore?.figures ?? []) expect(known).toContain(figure);
    }
  });

  test('time-outs that are said to hold in stock do', () => {
    for (const { directive, holds } of timeouts) {
      expect(directives[directive]).toBeDefined();
      expect(presets.stock[directive] ?? directives[directive]?.default).toBe(holds);
    }
  });

  test('the harmless values mend a configuration that has the opposite of all of them', () => {
    const stock = proxies[name].config({ ...presets.stock }, false);
    for (const [directive, value] of Object.entries(harmless)) {
      const changed = withDirective(proxies[name], stock, directive, value);
      // A section that the stock configuration does not have is no place.
      if (changed === undefined) continue;
      // Options that are off are not there.
      const wanted = value === 'off' && name !== 'nginx' ? '' : value;
      expect(valueIn(proxies[name], changed, directive) ?? '', directive).toBe(wanted);
    }
  });
});
