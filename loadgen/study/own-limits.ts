/** The limits on connections of a configuration: taken back where they were raised to fit a load, and told. */
import type { ProxyProgram } from '../../proxies/proxy.ts';
import type { ProxyName } from '../../proxies/registry.ts';
import { valueIn } from '../tune/edit.ts';

/** What stands for room, with the name in front of it and what ends its line: proxies/proxy.ts has the list. */
const ROOM = /[\w.-]+(?:=|[ \t]+)\{(?:connections|sockets|processes)\};?/g;

/** By what a proxy bounds its connections, each with its default; Caddy by nothing. */
const LIMITS: Readonly<Record<ProxyName, readonly string[]>> = {
  nginx: ['worker_processes', 'worker_connections'],
  haproxy: ['maxconn'],
  caddy: [],
  apache: ['MaxRequestWorkers', 'ServerLimit', 'ThreadsPerChild'],
};

/** Without what makes room for a load, so that the proxy's own defaults hold; what somebody chose stays. */
export const withOwnLimits = (template: string): string => template.replace(ROOM, '');

/** In words: 'worker_processes auto, worker_connections 512 by default'. */
export function limitsIn(proxy: ProxyProgram, template: string): string {
  const limits = LIMITS[proxy.name as ProxyName].map((name) => {
    const value = valueIn(proxy, template, name);
    return value === undefined || value === ''
      ? `${name} ${proxy.directives[name]?.default ?? ''} by default`
      : `${name} ${value}`;
  });
  return limits.length === 0 ? 'it has no limit of its own' : limits.join(', ');
}
