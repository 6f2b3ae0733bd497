/** Before the first trial: which version each proxy is, and whether it takes its configuration. */
import { rmSync } from 'node:fs';
import { createCertificate } from '../core/certificate.ts';
import { fault } from '../core/errors.ts';
import type { RouteRecord } from '../core/records/route.ts';
import { createTemporaryFolder } from '../core/temporary-folder.ts';
import type { ProxyRoute } from '../loadgen/routes/plan.ts';
import { versionOf } from '../proxies/binary.ts';
import { tooNew } from '../proxies/directive.ts';
import { checkInstance } from '../proxies/instance.ts';
import type { ProxyProgram } from '../proxies/proxy.ts';
import { proxies } from '../proxies/registry.ts';
import { hashOf } from '../proxies/template.ts';
import { ProxyTrouble } from '../proxies/trouble.ts';
import type { RouteChoice } from './route-options.ts';

/** Nobody listens there; a configuration is only looked at. */
const SOMEWHERE = { host: '127.0.0.1', port: 9 };
const ANY_CLIENTS = 100;

export interface ReadyRoutes {
  /** By name of the proxy. */
  readonly versions: Readonly<Record<string, string>>;
  /** Of every route but the direct one. */
  readonly records: readonly RouteRecord[];
}

/** @throws HarnessError `proxy-unusable`, `proxy-config-rejected` or `bad-value` */
export async function readyRoutes(
  routes: readonly RouteChoice[],
  tls: boolean,
): Promise<ReadyRoutes> {
  const versions: Record<string, string> = {};
  const records: RouteRecord[] = [];
  for (const { name, plan, says, values = {} } of routes) {
    if (plan?.kind !== 'proxy') {
      if (plan !== undefined) records.push({ name, kind: plan.kind, says });
      continue;
    }
    const proxy: ProxyProgram = proxies[plan.proxy];
    const version = versions[plan.proxy] ?? (await versionOf(proxy, plan.binary));
    versions[plan.proxy] = version;
    const [problem] = tooNew(proxy.directives, values, version);
    if (problem !== undefined) {
      throw fault('bad-value', { flag: '--proxy-set', problem: `${plan.proxy}: ${problem}` });
    }
    await checkConfig(proxy, plan, tls);
    records.push({
      name,
      kind: 'proxy',
      says,
      proxy: plan.proxy,
      version,
      preset: plan.preset,
      config: plan.template,
      hash: hashOf(plan.template),
    });
  }
  return { versions, records };
}

async function checkConfig(
  proxy: ProxyProgram,
  { binary, template }: ProxyRoute,
  tls: boolean,
): Promise<void> {
  const folder = createTemporaryFolder('route');
  const certificate = tls ? await createCertificate() : undefined;
  try {
    await checkInstance({
      proxy,
      binary,
      folder,
      template,
      upstream: SOMEWHERE,
      clients: ANY_CLIENTS,
      tls: certificate && { cert: certificate.certPath, key: certificate.keyPath },
      startTimeoutMs: 0,
    });
  } catch (error) {
    if (!(error instanceof ProxyTrouble)) throw error;
    throw fault('proxy-config-rejected', { proxy: proxy.title, says: error.message });
  } finally {
    certificate?.remove();
    rmSync(folder, { recursive: true, force: true });
  }
}
