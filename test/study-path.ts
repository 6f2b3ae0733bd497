/**
 * A path of a study without a controller: an origin of ours, and a real proxy or something that plays one in
 * front of it. Everything is ended when the test is over.
 */
import type { TestContext } from 'vitest';
import { onTestFinished } from 'vitest';
import type { StreamKind } from '../core/records/probe.ts';
import type { ProbeEndpoint } from '../loadgen/probing/endpoint.ts';
import type { Edit, StudyPath } from '../loadgen/study/measure.ts';
import { startInstance } from '../proxies/instance.ts';
import { processTree } from '../proxies/process-tree.ts';
import type { ProxyName } from '../proxies/registry.ts';
import { proxies } from '../proxies/registry.ts';
import { instanceOptions } from './real-proxy.ts';
import { startTestOrigin } from './test-origin.ts';

/** What is in front of the origin; undefined: nothing. */
export type InFront = (
  originPort: number,
  edit?: Edit,
) => Promise<{ readonly port: number; pids(): readonly number[]; stop(): Promise<void> }>;

export async function studyPath(transport: StreamKind, inFront?: InFront): Promise<StudyPath> {
  const origin = await startTestOrigin();
  const another = async (edit?: Edit) => {
    const one = await inFront?.(origin.port, edit);
    return {
      endpoint: endpointAt(one?.port ?? origin.port),
      renew: undefined,
      pids: () => one?.pids() ?? [],
      stop: async () => one?.stop(),
    };
  };
  const endpointAt = (port: number): ProbeEndpoint => ({
    url: new URL(`http://127.0.0.1:${port}`),
    transport,
    headers: {},
    userAgent: 'a test',
    insecure: false,
    timeoutMs: 10_000,
  });
  const first = await another();
  onTestFinished(() => first.stop());
  return {
    transport,
    origin,
    endpoint: first.endpoint,
    direct: endpointAt(origin.port),
    pids: () => first.pids(),
    to: () => Promise.reject(new Error('it leads nowhere else')),
    another,
    maxMs: 2_000,
    signal: new AbortController().signal,
  };
}

/** A proxy as its preset `stock` has it, with some directives set. */
export function realProxy(
  name: ProxyName,
  context: TestContext,
  values: Readonly<Record<string, string>> = {},
): InFront {
  const proxy = proxies[name];
  const stock = proxy.config({ ...proxy.presets.stock, ...values }, false);
  return async (originPort, edit) => {
    const template = edit?.(proxy, stock) ?? stock;
    const instance = await startInstance(instanceOptions(name, context, originPort, template));
    onTestFinished(() => instance.stop());
    return {
      port: instance.port,
      pids: () => processTree(instance.pid),
      stop: () => instance.stop(),
    };
  };
}
