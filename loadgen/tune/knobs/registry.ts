/** What is varied, by proxy. */
import type { ProxyName } from '../../../proxies/registry.ts';
import type { ProxyKnobs } from '../knob.ts';
import { apache } from './apache.ts';
import { caddy } from './caddy.ts';
import { haproxy } from './haproxy.ts';
import { nginx } from './nginx.ts';

export const knobsOf = { nginx, haproxy, caddy, apache } as const satisfies Record<
  ProxyName,
  ProxyKnobs
>;
