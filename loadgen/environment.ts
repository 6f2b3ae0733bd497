/** Where a run took place, and a fingerprint of it: runs of different fingerprints are not comparable. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { cpus, type as osType, release, totalmem } from 'node:os';
import type { Environment } from '../core/result.ts';
import type { CorePlan } from './pinning.ts';

export function describeEnvironment(
  cores: CorePlan,
  packages: Readonly<Record<string, string>>,
  proxies: Readonly<Record<string, string>> = {},
): Environment {
  const processors = cpus();
  const facts = {
    cpu: processors[0]?.model.trim() ?? 'unknown',
    cores: processors.length,
    memoryBytes: totalmem(),
    os: osName(),
    kernel: `${osType()} ${release()}`,
    node: process.version,
    virtualization: virtualization(),
    serverCores: [...cores.server],
    generatorCores: [...cores.generator],
    pinning:
      cores.unpinned === undefined
        ? `server on ${cores.server.join(', ')}; generator on ${cores.generator.join(', ')}`
        : `none: ${cores.unpinned}`,
    packages: { ...packages },
    // Runs without any have the fingerprint that they always had.
    ...(Object.keys(proxies).length === 0 ? {} : { proxies: { ...proxies } }),
  };
  // Memory differs by a few pages between boots of one machine.
  const identity = { ...facts, memoryBytes: Math.round(facts.memoryBytes / 2 ** 30) };
  const fingerprint = createHash('sha256')
    .update(JSON.stringify(identity))
    .digest('hex')
    .slice(0, 12);
  return { fingerprint, ...facts };
}

function osName(): string {
  const name = firstMatch('/etc/os-release', /^PRETTY_NAME="?([^"\n]+)/m);
  return name ?? osType();
}

/** Present where the CPU says that it is a guest; whose guest, where the firmware says so. */
function virtualization(): string | undefined {
  if (firstMatch('/proc/cpuinfo', /^flags\s*:.*\b(hypervisor)\b/m) === undefined) return undefined;
  return firstMatch('/sys/class/dmi/id/sys_vendor', /^(.+)$/m) ?? 'virtual machine';
}

function firstMatch(path: string, pattern: RegExp): string | undefined {
  try {
    return pattern.exec(readFileSync(path, 'utf8'))?.[1]?.trim();
  } catch {
    // Not Linux, or not readable: a fact that is not known.
    return undefined;
  }
}
