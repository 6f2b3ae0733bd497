/** `doctor`: what this machine can measure and what it cannot, each with the fix. */
import Table from 'cli-table3';
import { exitCodes } from '../core/errors.ts';
import { mostLoopbackAddresses } from '../core/loopback.ts';
import type { Arm } from '../core/result.ts';
import type { Transport } from '../core/transport.ts';
import { formatBytes, formatNanoseconds, formatNumber, formatPercent } from '../core/units.ts';
import type { Supervisor } from '../loadgen/child-process.ts';
import { createSupervisor } from '../loadgen/child-process.ts';
import { checkClocks } from '../loadgen/clock-check.ts';
import { describeEnvironment } from '../loadgen/environment.ts';
import { measureCeiling } from '../loadgen/head-room.ts';
import { narrow, possibleClients, readLimits, WIDE_RANGE } from '../loadgen/limits.ts';
import type { CorePlan } from '../loadgen/pinning.ts';
import { planCores } from '../loadgen/pinning.ts';
import { readMachine, readProcess } from '../loadgen/procfs.ts';
import { plainSetup } from '../loadgen/trial.ts';
import { PLAIN_TABLE } from '../reports/formats/plain-table.ts';
import { transports } from '../transports/registry.ts';
import { loadConfig } from './config.ts';
import { examineTarget } from './doctor-target.ts';
import type { Io } from './io.ts';
import type { CommandFactory } from './listed-command.ts';
import { examineProxies } from './route-list.ts';
import { placesOf } from './target-file.ts';
import { measuredPackages } from './tool.ts';

/** One fact about the machine. `limited` still measures, with less; `cannot` does not measure at all. */
interface Finding {
  readonly id: string;
  readonly state: 'good' | 'limited' | 'cannot';
  readonly title: string;
  readonly found: string;
  /** What to do about it; absent where nothing needs doing. */
  readonly fix?: string;
}

/** The load that ceilings are measured with: the default of `bench broadcast`. */
const CEILING_LOAD = { clients: 500, payloadBytes: 128 };
/** Steal above this makes trials suspect. */
const STEAL_LIMIT = 0.05;
const WATCH_MS = 1_000;

export const doctor: CommandFactory = (command, io, finish) => {
  command
    .option('--json', 'print the findings as one JSON document')
    .option('--target <file>', 'go through a target file instead: does every step of it work?')
    .action(async (flags: { json?: true; target?: string }) => {
      if (flags.target !== undefined) {
        const places = placesOf(await loadConfig(process.cwd()));
        finish(await examineTarget(flags.target, places, { json: flags.json === true }, io));
        return;
      }
      const findings = await examine(io);
      if (flags.json === true) io.out(`${JSON.stringify(findings)}\n`);
      else io.out(render(findings));
      const cannot = findings.some(({ state }) => state === 'cannot');
      finish(cannot ? exitCodes.machineCannot : exitCodes.passed);
    });
};

async function examine(io: Io): Promise<Finding[]> {
  const supervisor = createSupervisor();
  const cores = planCores();
  const stop = (): void => supervisor.killAll();
  io.signal.addEventListener('abort', stop, { once: true });
  try {
    io.err('watching the machine for a second, then flooding the generator: about 8 s\n');
    return [
      environmentFinding(cores),
      pinningFinding(cores),
      ...limitFindings(),
      procFinding(),
      ...(await examineProxies(process.env['PATH'], process.platform)),
      await stealFinding(),
      await clockFinding(supervisor),
      ...(await ceilingFindings(cores, supervisor)),
    ];
  } finally {
    io.signal.removeEventListener('abort', stop);
    supervisor.close();
  }
}

function environmentFinding(cores: CorePlan): Finding {
  const {
    cpu,
    cores: count,
    memoryBytes,
    os,
    node,
    virtualization,
  } = describeEnvironment(cores, measuredPackages());
  const guest = virtualization === undefined ? '' : `, guest of ${virtualization}`;
  return {
    id: 'machine',
    state: 'good',
    title: 'machine',
    found: `${count} × ${cpu}, ${formatBytes(memoryBytes)}, ${os}, Node ${node}${guest}`,
  };
}

function pinningFinding(cores: CorePlan): Finding {
  const base = { id: 'pinning', title: 'server and generator on cores of their own' };
  if (cores.unpinned === undefined) {
    return {
      ...base,
      state: 'good',
      found: `server on core ${cores.server.join(', ')}, generator on core ${cores.generator.join(', ')}`,
    };
  }
  return {
    ...base,
    state: 'limited',
    found: `no: ${cores.unpinned}`,
    fix: 'use a machine with two cores or more and taskset; without it the generator takes time from the server',
  };
}

const LIMITS = {
  ports: 'local ports are',
  descriptors: 'open files per process are',
  memory: 'memory is',
} as const;

function limitFindings(): Finding[] {
  const limits = readLimits();
  const addresses = mostLoopbackAddresses(process.platform);
  const { clients, by } = possibleClients(limits, { ...narrow, addresses });
  const canRaise = limits.hardDescriptors > limits.descriptors;
  return [
    {
      id: 'clients',
      state: 'good',
      title: 'clients to one server',
      found: `${clients.toLocaleString('en-US')} (${LIMITS[by]} the limit)`,
    },
    {
      id: 'descriptors',
      state: 'good',
      title: 'open files per process',
      found: limits.descriptors.toLocaleString('en-US'),
      ...(canRaise ? { fix: `for more clients: ulimit -n ${limits.hardDescriptors}` } : {}),
    },
    {
      id: 'ports',
      state: 'good',
      title: 'local ports',
      found: limits.ports.toLocaleString('en-US'),
      fix: `for more clients through a proxy, a relay or a library: sysctl -w net.ipv4.ip_local_port_range="${WIDE_RANGE}"`,
    },
  ];
}

function procFinding(): Finding {
  const process_ = readProcess(process.pid);
  const machine = readMachine();
  const base = { id: 'proc', title: 'cost and interference from /proc' };
  if (process_ === undefined || machine === undefined) {
    return {
      ...base,
      state: 'limited',
      found: 'not readable: CPU per delivery and five validity checks are not measured',
      fix: 'run on Linux',
    };
  }
  if (machine.pressureUs === undefined) {
    return {
      ...base,
      state: 'limited',
      found: 'readable, but without pressure information',
      fix: 'boot the kernel with psi=1 to have that check too',
    };
  }
  return { ...base, state: 'good', found: 'readable, with pressure information' };
}

async function stealFinding(): Promise<Finding> {
  const base = { id: 'steal', title: 'time stolen by other guests' };
  const before = readMachine();
  // A busy core is where steal shows: an idle one has nothing to be stolen.
  const until = performance.now() + WATCH_MS;
  while (performance.now() < until) await new Promise((resolve) => setImmediate(resolve));
  const after = readMachine();
  if (before === undefined || after === undefined)
    return { ...base, state: 'limited', found: 'not measured' };
  const busy = after.nonIdleTicks - before.nonIdleTicks;
  const share = busy === 0 ? 0 : (after.stealTicks - before.stealTicks) / busy;
  if (share <= STEAL_LIMIT) return { ...base, state: 'good', found: formatPercent(share) };
  return {
    ...base,
    state: 'limited',
    found: `${formatPercent(share)} of the busy time`,
    fix: 'compare arms of one run only, never runs; use more --rounds, or a machine that is not shared',
  };
}

async function clockFinding(supervisor: Supervisor): Promise<Finding> {
  const { exchanges, violations, shortestNs } = await checkClocks(supervisor);
  const base = { id: 'clock', title: 'one clock in all processes' };
  if (violations === 0) {
    return {
      ...base,
      state: 'good',
      found: `${exchanges} exchanges, none out of order; shortest round trip ${formatNanoseconds(shortestNs)}`,
    };
  }
  return {
    ...base,
    state: 'cannot',
    found: `${violations} of ${exchanges} answers came before their question or after their receipt`,
    fix: 'latency between processes means nothing here; use another machine or kernel clock source',
  };
}

async function ceilingFindings(cores: CorePlan, supervisor: Supervisor): Promise<Finding[]> {
  const findings: Finding[] = [];
  const candidates = Object.entries<Transport>(transports).filter(
    ([, { lightest, role }]) => lightest !== undefined || role === 'floor',
  );
  for (const [name, { title, role }] of candidates) {
    const arm: Arm = {
      name,
      title,
      transport: name,
      client: 'lean',
      target: 'built-in',
      route: 'direct',
      role,
    };
    const ceiling = await measureCeiling(
      { arm, phases: [], point: {}, round: 0, order: 0, attempt: 0, seed: 1, headRoom: undefined },
      CEILING_LOAD,
      plainSetup(cores, Math.max(1, cores.generator.length)),
      supervisor,
    );
    const found =
      typeof ceiling !== 'number'
        ? `not measured: ${ceiling.says}`
        : `${formatNumber(ceiling)} deliveries/s; loads up to ${formatNumber(ceiling / 2)}/s leave enough to spare`;
    findings.push({
      id: `ceiling-${name}`,
      state: typeof ceiling === 'number' ? 'good' : 'limited',
      title: `generator ceiling, ${title}`,
      found,
    });
  }
  return findings;
}

function render(findings: readonly Finding[]): string {
  const table = new Table(PLAIN_TABLE);
  for (const { state, title, found, fix } of findings) {
    table.push([state, title, fix === undefined ? found : `${found}\n→ ${fix}`]);
  }
  return `${table.toString()}\n`;
}
