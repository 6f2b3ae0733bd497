/** What is between clients and server, as data: nothing, a proxy, a relay of ours, or an address in the world. */
import type { ProxyName } from '../../proxies/registry.ts';
import type { Shape } from './shape.ts';

/** A proxy and how it is told to be. */
export interface ProxyRoute {
  readonly kind: 'proxy';
  /** What an arm says of it: 'nginx', 'nginx-recommended'. */
  readonly name: string;
  readonly proxy: ProxyName;
  /** Absolute path of the program. */
  readonly binary: string;
  /** Where its settings come from: a preset, or a file. */
  readonly preset: string;
  /** Configuration with placeholders. */
  readonly template: string;
}

export interface RelayRoute {
  readonly kind: 'relay';
  /** 'relay'; of several the second is 'relay-2'. */
  readonly name: string;
  readonly shape: Shape;
}

/** Clients connect there; how it gets from there to the server is not our business. */
export interface UrlRoute {
  readonly kind: 'url';
  /** 'url'; of several the second is 'url-2'. */
  readonly name: string;
  readonly url: string;
}

export type RoutePlan = ProxyRoute | RelayRoute | UrlRoute;
