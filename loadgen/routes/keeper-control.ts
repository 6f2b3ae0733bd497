/** The typed messages between the controller and the keeper of a proxy. */
import type { ProxyName } from '../../proxies/registry.ts';
import type { TroubleKind } from '../../proxies/trouble.ts';

export interface KeeperConfig {
  readonly proxy: ProxyName;
  readonly binary: string;
  /** Exists and is empty; removed by the controller, or by the keeper when there is no controller any more. */
  readonly folder: string;
  readonly template: string;
  readonly upstream: { readonly host: string; readonly port: number };
  readonly port: number;
  readonly clients: number;
  readonly tls: { readonly cert: string; readonly key: string } | undefined;
  readonly startTimeoutMs: number;
}

export type ToKeeper =
  | { readonly kind: 'reload' }
  | { readonly kind: 'restart' }
  | { readonly kind: 'stop' };

export type FromKeeper =
  /** `pid` is the first process of the proxy, and the number of its group. */
  | { readonly kind: 'routed'; readonly port: number; readonly pid: number }
  /** It did not start. */
  | { readonly kind: 'refused'; readonly trouble: TroubleKind; readonly says: string }
  /** A reload or a restart is done, or did not come about. */
  | { readonly kind: 'renewed'; readonly pid: number; readonly problem: string | undefined };
