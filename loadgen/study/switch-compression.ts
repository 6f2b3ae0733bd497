/** Switches the compression of event streams on in a configuration. */
import type { ProxyProgram } from '../../proxies/proxy.ts';
import type { ProxyName } from '../../proxies/registry.ts';
import { ProbeFailure } from '../probing/probe-failure.ts';
import { withDirective } from '../tune/edit.ts';

type Edits = readonly (readonly [name: string, value: string])[];

const EDITS: Readonly<Record<Exclude<ProxyName, 'caddy'>, Edits>> = {
  nginx: [
    ['gzip', 'on'],
    ['gzip_types', 'text/event-stream'],
  ],
  haproxy: [
    ['compression algo', 'gzip'],
    ['compression type', 'text/event-stream'],
  ],
  apache: [['AddOutputFilterByType DEFLATE', 'text/event-stream']],
};

/** @throws ProbeFailure where the configuration has no place for it */
export function withCompression(proxy: ProxyProgram, template: string): string {
  if (proxy.name === 'caddy') return withEncode(template);
  const edits = EDITS[proxy.name as Exclude<ProxyName, 'caddy'>];
  return edits.reduce((text, [name, value]) => {
    const changed = withDirective(proxy, text, name, value);
    if (changed === undefined) throw noPlace(proxy.title);
    return changed;
  }, template);
}

/**
 * Since 2.10 it leaves event streams alone unless they are named; 2.6 takes the name, too. What begins with
 * less than 512 B is not compressed unless that is said: a stream begins with one event.
 */
function withEncode(template: string): string {
  const [line, indent = ''] = /^([ \t]*)reverse_proxy\b/m.exec(template) ?? [];
  if (line === undefined) throw noPlace('Caddy');
  const without = template.replace(/^[ \t]*encode\b[^\n{]*\n/gm, '');
  const encode = [
    'encode {',
    '\tgzip',
    '\tminimum_length 1',
    '\tmatch header Content-Type text/event-stream*',
    '}',
  ];
  return without.replace(line, () => `${encode.map((one) => `${indent}${one}\n`).join('')}${line}`);
}

const noPlace = (title: string): ProbeFailure =>
  new ProbeFailure(
    'not-http',
    `the configuration of ${title} has no place where compression is switched on`,
  );
