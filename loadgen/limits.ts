/** How many connections fit on this machine, computed before anything is started. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { freemem } from 'node:os';
import { fault } from '../core/errors.ts';
import { outgoingPorts } from '../core/free-port.ts';
import { localPorts } from './namespaces.ts';

export interface Limits {
  /** Open files per process; a server process needs one per client of its own, and so does each worker. */
  readonly descriptors: number;
  /** Whether `descriptors` can be raised without becoming root. */
  readonly hardDescriptors: number;
  /** Ports that connections from one address to one address and port can come from. */
  readonly ports: number;
  /** What may be had without swapping, bytes. */
  readonly memoryBytes: number;
}

/** Over what connections are spread. */
export interface Spread {
  /** Server processes. */
  readonly processes: number;
  /** Addresses of loopback that a server may have. */
  readonly addresses: number;
  /** Sockets that one process has for each client: two in what is in between; left out: one. */
  readonly perClient?: number;
  /** Whether clients are in a network of our own, whose ports are all theirs. */
  readonly isOwnNetwork?: boolean;
}

export const narrow: Spread = { processes: 1, addresses: 1 };

/** Descriptors a process needs for itself: standard streams, channel, event loop, modules being loaded. */
const OWN_DESCRIPTORS = 100;
/** The widest that is of use: above it is room for ports that last (core/free-port.ts). */
export const WIDE_RANGE = '1024 64000';
/** Ports left to the rest of the machine. */
const SPARE_PORTS = 200;
/** In a network of our own there is no rest. Of its two paths each has as many: that all clients may take one is reckoned with. */
const NETWORK_PORTS = localPorts.last - localPorts.first + 1;
/**
 * Of the ports towards one address, what is used where there may be more addresses. Linux gives every other
 * port to outgoing connections as long as it can; from then on it searches, and 18,000 connections take twice
 * as long to one address as to two.
 */
const EASY_SHARE = 0.5;
/** Events a second (deliveries, answers, questions) that one worker takes with room to spare, where there is a core for it. */
const EVENTS_PER_WORKER = 40_000;
/** Connections go to server processes in turn, but to those that are busy a little later. */
const EVENNESS = 0.9;
/**
 * A connection with both its ends and the kernel's part of them: 44 kB were measured (docs/scale.md), and
 * half of that again for what is on its way.
 */
const BYTES_PER_CLIENT = 67_000;
/** What processes take before the first client, and what is left to the rest of the machine. */
const SPARE_BYTES = 2 ** 30;

export function readLimits(): Limits {
  const [descriptors, hardDescriptors] = readDescriptors();
  return { descriptors, hardDescriptors, ports: readPorts(), memoryBytes: readMemory() };
}

function readDescriptors(): [number, number] {
  try {
    const limits = readFileSync('/proc/self/limits', 'latin1');
    const match = /^Max open files\s+(\d+)\s+(\d+)/m.exec(limits);
    if (match !== null) return [Number(match[1]), Number(match[2])];
  } catch {
    // No /proc: a shell knows.
  }
  const ask = (flag: string): number => {
    const answer = spawnSync('sh', ['-c', `ulimit ${flag}`], { encoding: 'utf8' }).stdout.trim();
    return answer === 'unlimited' ? 2 ** 20 : Number(answer) || 256;
  };
  return [ask('-Sn'), ask('-Hn')];
}

function readPorts(): number {
  const { first, last } = outgoingPorts();
  return last - first + 1;
}

function readMemory(): number {
  try {
    const match = /^MemAvailable:\s+(\d+) kB/m.exec(readFileSync('/proc/meminfo', 'latin1'));
    if (match !== null) return Number(match[1]) * 1_024;
  } catch {
    // No /proc: what is not used at all will do.
  }
  return freemem();
}

/** @returns how many addresses a server of so many clients has */
export function addressesFor(clients: number, { ports }: Limits, { addresses }: Spread): number {
  const easy = (ports - SPARE_PORTS) * EASY_SHARE;
  return Math.min(addresses, Math.max(1, Math.ceil(clients / easy)));
}

function portsOf({ ports }: Limits, { addresses, isOwnNetwork = false }: Spread): number {
  return isOwnNetwork ? NETWORK_PORTS : (ports - SPARE_PORTS) * addresses;
}

type Scarce = 'descriptors' | 'ports' | 'memory';

/** @returns how many clients there can be, and what is used up first */
export function possibleClients(
  limits: Limits,
  spread: Spread = narrow,
): { clients: number; by: Scarce } {
  const { processes, perClient = 1 } = spread;
  const perProcess = Math.floor((limits.descriptors - OWN_DESCRIPTORS) / perClient);
  const byDescriptors =
    processes === 1 || perClient > 1 ? perProcess : Math.floor(perProcess * processes * EVENNESS);
  const all: readonly { clients: number; by: Scarce }[] = [
    { clients: byDescriptors, by: 'descriptors' },
    { clients: portsOf(limits, spread), by: 'ports' },
    {
      clients: Math.max(1, Math.floor((limits.memoryBytes - SPARE_BYTES) / BYTES_PER_CLIENT)),
      by: 'memory',
    },
  ];
  return all.reduce((least, one) => (one.clients < least.clients ? one : least));
}

/** @returns the limit in words, behind which comes how many clients it allows */
export function limitText(
  limits: Limits,
  by: Scarce,
  { processes, perClient = 1, isOwnNetwork = false }: Spread = narrow,
): string {
  const whole = (value: number): string => value.toLocaleString('en-US');
  switch (by) {
    case 'descriptors':
      if (perClient > 1)
        return `${whole(limits.descriptors)} open files per process, of which what is in between takes ${perClient} for each client,`;
      return `${whole(limits.descriptors)} open files per process${processes === 1 ? '' : ` in ${processes} server processes`}`;
    case 'ports':
      return isOwnNetwork
        ? `${whole(NETWORK_PORTS)} ports of the one address that clients have in a network with a black hole`
        : `${whole(limits.ports)} local ports`;
    case 'memory':
      return `${(limits.memoryBytes / 2 ** 30).toFixed(1)} GiB of memory`;
  }
}

/** @throws HarnessError `too-many-clients` */
export function checkClients(asked: number, limits: Limits, spread: Spread = narrow): void {
  const { clients: possible, by } = possibleClients(limits, spread);
  if (asked <= possible) return;
  const raise = raiseText(asked, limits, by, spread);
  throw fault('too-many-clients', {
    asked,
    possible,
    limit: limitText(limits, by, spread),
    ...(raise === undefined ? {} : { raise }),
  });
}

/** @returns what would let more in, what is cheapest first; undefined where nothing would */
function raiseText(asked: number, limits: Limits, by: Scarce, spread: Spread): string | undefined {
  switch (by) {
    case 'memory':
      return 'use a machine with more memory, or end what else takes it';
    case 'ports':
      if (spread.isOwnNetwork === true) return undefined;
      return `sysctl -w net.ipv4.ip_local_port_range="${WIDE_RANGE}"`;
    case 'descriptors': {
      const perProcess = (limits.descriptors - OWN_DESCRIPTORS) * EVENNESS;
      const processes = Math.max(spread.processes + 1, Math.ceil(asked / Math.max(1, perProcess)));
      const files =
        limits.hardDescriptors > limits.descriptors
          ? `ulimit -n ${limits.hardDescriptors}`
          : 'raise the hard limit (LimitNOFILE= of the service, or nofile in /etc/security/limits.conf)';
      return spread.perClient === undefined || spread.perClient === 1
        ? `--processes ${processes}, or ${files}`
        : files;
    }
  }
}

/** As many workers as the load needs and the cores allow; more only where descriptors demand it. */
export function chooseWorkers(
  clients: number,
  eventsPerS: number,
  generatorCores: number,
  limits: Limits,
): number {
  const byDescriptors = Math.ceil(clients / Math.max(1, limits.descriptors - OWN_DESCRIPTORS));
  const byLoad = Math.ceil(eventsPerS / EVENTS_PER_WORKER);
  return Math.max(1, byDescriptors, Math.min(Math.max(1, generatorCores), byLoad));
}
