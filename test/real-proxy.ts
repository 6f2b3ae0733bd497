/**
 * Real proxies for tests. Where a program is missing the test is skipped and says why; in CI it fails
 * instead, or nobody would notice that it never ran.
 */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'vitest';
import { onTestFinished } from 'vitest';
import { findBinary } from '../proxies/binary.ts';
import type { Instance, InstanceOptions } from '../proxies/instance.ts';
import { startInstance } from '../proxies/instance.ts';
import type { ProxyProgram } from '../proxies/proxy.ts';
import type { ProxyName } from '../proxies/registry.ts';
import { proxies } from '../proxies/registry.ts';

/** As an ordinary user has it: servers are beside. */
const PATH = '/usr/local/bin:/usr/bin:/bin';

/** The program, or the end of the test. @throws Error with CI=true where it is missing */
export function programOf(name: ProxyName, context: TestContext): string {
  const binary = findBinary(proxies[name], PATH);
  if (binary !== undefined) return binary;
  const missing = `${name} is not installed; 'npm run test:setup' does it`;
  if (process.env['CI'] === 'true') throw new Error(missing);
  return context.skip(missing);
}

/** What an instance needs, in a folder that is removed when the test is over. */
export function instanceOptions(
  name: ProxyName,
  context: TestContext,
  upstreamPort: number,
  template?: string,
): InstanceOptions {
  const proxy: ProxyProgram = proxies[name];
  const binary = programOf(name, context);
  const folder = mkdtempSync(join(tmpdir(), 'pushbench-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return {
    proxy,
    binary,
    folder,
    template: template ?? proxy.config(proxy.presets.stock, false),
    upstream: { host: '127.0.0.1', port: upstreamPort },
    clients: 10,
    startTimeoutMs: 10_000,
  };
}

/** That nobody had when it was asked for. */
export async function freePort(): Promise<number> {
  const server = createServer().listen({ host: '127.0.0.1', port: 0 });
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Ended when the test is over, if it has not ended by then. */
export async function startReal(
  name: ProxyName,
  context: TestContext,
  upstreamPort: number,
): Promise<Instance> {
  const instance = await startInstance(instanceOptions(name, context, upstreamPort));
  onTestFinished(() => instance.stop());
  return instance;
}
