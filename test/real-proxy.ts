/** Real proxies for tests. Where a program is missing the test is skipped and says why. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'vitest';
import { findBinary } from '../proxies/binary.ts';
import type { Instance, InstanceOptions } from '../proxies/instance.ts';
import { startInstance } from '../proxies/instance.ts';
import type { ProxyProgram } from '../proxies/proxy.ts';
import type { ProxyName } from '../proxies/registry.ts';
import { proxies } from '../proxies/registry.ts';
import { missing } from './missing.ts';

/** As an ordinary user has it: servers are beside. */
const PATH = '/usr/local/bin:/usr/bin:/bin';

/** The program, or the end of the test. @throws Error with CI=true where it is missing */
export function programOf(name: ProxyName, context: TestContext): string {
  const binary = findBinary(proxies[name], PATH);
  return binary ?? missing(`${name} is not installed; 'npm run test:setup' does it`, context);
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
  context.onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
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

/** Ended when the test is over, if it has not ended by then. */
export async function startReal(
  name: ProxyName,
  context: TestContext,
  upstreamPort: number,
  template?: string,
): Promise<Instance> {
  const instance = await startInstance(instanceOptions(name, context, upstreamPort, template));
  context.onTestFinished(() => instance.stop());
  return instance;
}
