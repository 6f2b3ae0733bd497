/** The proxies, by name. To add one: a file here, and its line. */
import { apache } from './apache.ts';
import { caddy } from './caddy.ts';
import { haproxy } from './haproxy.ts';
import { nginx } from './nginx.ts';
import type { ProxyProgram } from './proxy.ts';

export const proxies = { nginx, haproxy, caddy, apache } as const satisfies Record<
  string,
  ProxyProgram
>;

export type ProxyName = keyof typeof proxies;

export function isProxyName(name: string): name is ProxyName {
  return Object.hasOwn(proxies, name);
}
