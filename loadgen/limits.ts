/** How many connections fit on this machine, computed before anything is started. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fault } from '../core/errors.ts';

export interface Limits {
  /** Open files per process; the server needs one per client, and so does each worker. */
  readonly descriptors: number;
  /** Whether `descriptors` can be raised without becoming root. */
  readonly hardDescriptors: number;
  /** Ports that connections to one address and port can come from. */
  readonly ports: number;
}

/** Descriptors a process needs for itself: standard streams, channel, event loop, modules being loaded. */
const OWN_DESCRIPTORS = 100;
/** Ports left to the rest of the machine. */
const SPARE_PORTS = 200;
/** Events a second (deliveries, answers, questions) that one worker takes with room to spare, where there is a core for it. */
const EVENTS_PER_WORKER = 40_000;

export function readLimits(): Limits {
  const [descriptors, hardDescriptors] = readDescriptors();
  return { descriptors, hardDescriptors, ports: readPorts() };
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
  try {
    const [first = 32_768, last = 60_999] = readFileSync(
      '/proc/sys/net/ipv4/ip_local_port_range',
      'latin1',
    )
      .trim()
      .split(/\s+/)
      .map(Number);
    return last - first + 1;
  } catch {
    // The range IANA gives to dynamic ports, which macOS and the BSDs use.
    return 65_535 - 49_152 + 1;
  }
}

/** @returns how many clients one server process and one target address allow */
export function possibleClients(limits: Limits): { clients: number; by: 'descriptors' | 'ports' } {
  const byDescriptors = limits.descriptors - OWN_DESCRIPTORS;
  const byPorts = limits.ports - SPARE_PORTS;
  return byDescriptors <= byPorts
    ? { clients: byDescriptors, by: 'descriptors' }
    : { clients: byPorts, by: 'ports' };
}

/** @throws HarnessError `too-many-clients` */
export function checkClients(asked: number, limits: Limits): void {
  const { clients: possible, by } = possibleClients(limits);
  if (asked <= possible) return;
  throw fault('too-many-clients', {
    asked,
    possible,
    limit:
      by === 'descriptors'
        ? `${limits.descriptors.toLocaleString('en-US')} open files per process`
        : `${limits.ports.toLocaleString('en-US')} local ports`,
    raise:
      by === 'ports'
        ? 'sysctl -w net.ipv4.ip_local_port_range="1024 65535"'
        : limits.hardDescriptors > limits.descriptors
          ? `ulimit -n ${limits.hardDescriptors}`
          : 'raise the hard limit (LimitNOFILE= of the service, or nofile in /etc/security/limits.conf)',
  });
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
