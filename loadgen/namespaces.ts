/**
 * A network of our own for one trial: the server in one namespace, the generator in another, and between
 * them two paths through a third. Nothing of it can be reached from the machine's other network, and nothing
 * of it reaches out. One of the paths can be made to swallow everything, with neither end being told.
 *
 *      server's namespace        the middle         generator's namespace
 *     ┌──────────────────┐   ┌───────────────┐   ┌──────────────────────┐
 *     │ kept    10.91.1.1├───┤ bridge kept   ├───┤ 10.91.1.2     kept   │
 *     │ doomed  10.91.2.1├───┤ bridge doomed ├───┤ 10.91.2.2     doomed │
 *     └──────────────────┘   └───────────────┘   └──────────────────────┘
 *
 * Why a bridge: a veth that is taken down takes the carrier from its peer and the route from its own side,
 * which the kernel of either end would notice. A bridge that is down lets both ends keep both.
 */
import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { promisify } from 'node:util';
import { reasonOf } from '../core/errors.ts';
import { isGone, ownerOf } from '../core/process-owner.ts';
import { namespacePath, TrialFailure } from './child-process.ts';

const run = promisify(execFile);
/** None of these commands has anything to wait for. */
const TIMEOUT_MS = 10_000;
const PREFIX = 'pushbench-';
/** Namespaces of ours; the first group is whose it is. */
const OURS = /^pushbench-(\d+-\d+)-\d+-(?:server|middle|clients)$/;
const FOLDER = '/run/netns';

export const paths = ['kept', 'doomed'] as const;
export type Path = (typeof paths)[number];

/** Where the server is, as the generator sees it, on either path. */
export const serverAddress: Readonly<Record<Path, string>> = {
  kept: '10.91.1.1',
  doomed: '10.91.2.1',
};
const clientAddress: Readonly<Record<Path, string>> = { kept: '10.91.1.2', doomed: '10.91.2.2' };

/** Packets and bytes that came in and went out at one end of a path, with all headers. */
export interface Traffic {
  readonly packetsIn: number;
  readonly packetsOut: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
}

/** Whatever the kernel or its tools refuse ends the trial, and nothing else: all of it throws TrialFailure. */
export interface Network {
  /** Names of the namespaces, for processes to be started in. */
  readonly server: string;
  readonly clients: string;
  /** Takes the bridge of the doomed path down, or up again. */
  setDoomed(state: 'down' | 'up'): Promise<void>;
  /** What the kernel says the state of the doomed bridge is: 'UP', 'DOWN'. */
  doomedState(): Promise<string>;
  /** What the kernel counts at an end of a path. */
  traffic(end: 'server' | 'clients', path: Path): Promise<Traffic>;
  /** Connections that the kernel of the server's end lists as established on a path. */
  established(path: Path): Promise<number>;
  remove(): Promise<void>;
}

/** Where clients may connect from; a new namespace begins with fewer, whatever the machine has. */
export const localPorts = { first: 1_024, last: 65_535 } as const;

/** For the name: a process may have several. */
let made = 0;

/** @throws TrialFailure */
export async function createNetwork(): Promise<Network> {
  made += 1;
  const own = `${PREFIX}${ownerOf(process.pid)}-${made}`;
  const names = { server: `${own}-server`, middle: `${own}-middle`, clients: `${own}-clients` };
  const { server, middle, clients } = names;
  try {
    for (const name of Object.values(names)) {
      await ip('netns', 'add', name);
      // What IPv6 says by itself would pass for a sign of life.
      await within(name, 'sysctl', '-qw', 'net.ipv6.conf.all.disable_ipv6=1');
      await within(name, 'sysctl', '-qw', 'net.ipv6.conf.default.disable_ipv6=1');
    }
    const { first, last } = localPorts;
    await within(clients, 'sysctl', '-qw', `net.ipv4.ip_local_port_range=${first} ${last}`);
    for (const path of paths) await lay(path, names);
  } catch (error) {
    // What is left of it even so, the next run removes; why it came about is what is to be said.
    await Promise.allSettled(Object.values(names).map(remove));
    throw error;
  }
  return {
    server,
    clients,
    setDoomed: async (state) => void (await ip('-n', middle, 'link', 'set', 'doomed', state)),
    doomedState: async () => (await linkOf(middle, 'doomed')).operstate,
    async traffic(end, path) {
      const { rx, tx } = (await linkOf(names[end], path)).stats64;
      return {
        packetsIn: rx.packets,
        packetsOut: tx.packets,
        bytesIn: rx.bytes,
        bytesOut: tx.bytes,
      };
    },
    async established(path) {
      const filter = ['state', 'established', 'src', serverAddress[path]];
      const lines = await within(server, 'ss', '-Htn', ...filter);
      return lines.split('\n').filter((line) => line !== '').length;
    },
    async remove() {
      await Promise.all(Object.values(names).map(remove));
    },
  };
}

/** Why it cannot be made here, or not be looked into; undefined where it can. */
export async function namespacesUnavailable(): Promise<string | undefined> {
  try {
    const network = await createNetwork();
    try {
      // A trial asks ss in its middle: too late to find that it is missing.
      await network.established('kept');
    } finally {
      await network.remove();
    }
    return undefined;
  } catch (error) {
    return reasonOf(error);
  }
}

/** Takes away what a process left that was killed. @returns the names of what was found */
export async function removeLeftovers(): Promise<string[]> {
  const left = namespaces().filter((name) => {
    const owner = OURS.exec(name)?.[1];
    return owner !== undefined && isGone(owner);
  });
  await Promise.all(left.map(remove));
  return left;
}

function namespaces(): string[] {
  try {
    return readdirSync(FOLDER);
  } catch {
    // Nobody has made one since the machine started.
    return [];
  }
}

async function lay(
  path: Path,
  { server, middle, clients }: Readonly<Record<'server' | 'middle' | 'clients', string>>,
): Promise<void> {
  const inMiddle = (...args: string[]) => ip('-n', middle, ...args);
  // One that looks into multicast would send packets of its own, for all snoopers on the network.
  await inMiddle('link', 'add', path, 'type', 'bridge', 'mcast_snooping', '0');
  const ends = [
    { name: server, port: `${path}-s`, address: serverAddress[path] },
    { name: clients, port: `${path}-c`, address: clientAddress[path] },
  ];
  for (const { name, port, address } of ends) {
    const peer = ['type', 'veth', 'peer', 'name', port, 'netns', middle];
    await ip('link', 'add', path, 'netns', name, ...peer);
    await inMiddle('link', 'set', port, 'master', path, 'up');
    await ip('-n', name, 'addr', 'add', `${address}/24`, 'dev', path);
    await ip('-n', name, 'link', 'set', path, 'up');
  }
  await inMiddle('link', 'set', path, 'up');
  await keepNeighbours(path, server, clients);
}

/** Otherwise the ends would ask each other for their addresses, and give the sockets an error for an answer. */
async function keepNeighbours(path: Path, server: string, clients: string): Promise<void> {
  const pairs = [
    { of: server, peer: clients, address: clientAddress[path] },
    { of: clients, peer: server, address: serverAddress[path] },
  ];
  for (const { of, peer, address } of pairs) {
    const { address: mac } = await linkOf(peer, path);
    await ip('-n', of, 'neigh', 'replace', address, 'lladdr', mac, 'dev', path, 'nud', 'permanent');
  }
}

interface Link {
  readonly operstate: string;
  readonly address: string;
  readonly stats64: Readonly<
    Record<'rx' | 'tx', { readonly packets: number; readonly bytes: number }>
  >;
}

async function linkOf(namespace: string, link: string): Promise<Link> {
  const text = await ip('-n', namespace, '-s', '-j', 'link', 'show', 'dev', link);
  const [found] = JSON.parse(text) as Link[];
  if (found === undefined) throw new TrialFailure(`there is no ${link} in ${namespace}`);
  return found;
}

async function remove(name: string): Promise<void> {
  if (!namespaces().includes(name)) return;
  await ip('netns', 'del', name);
}

function ip(...args: string[]): Promise<string> {
  return told('ip', args);
}

function within(namespace: string, command: string, ...args: string[]): Promise<string> {
  return told('nsenter', [`--net=${namespacePath(namespace)}`, command, ...args], command);
}

/**
 * @param of whose refusal it would be, where one command starts another
 * @returns what it prints
 */
async function told(command: string, args: readonly string[], of = command): Promise<string> {
  try {
    return (await run(command, [...args], { timeout: TIMEOUT_MS, maxBuffer: 2 ** 28 })).stdout;
  } catch (error) {
    throw new TrialFailure(refusalOf(command, of, error));
  }
}

/** @param error as `execFile` makes it */
function refusalOf(command: string, of: string, error: unknown): string {
  const { code, killed } = error as { readonly code?: unknown; readonly killed?: boolean };
  if (code === 'ENOENT') return `there is no command ${command}`;
  if (killed === true) return `${of} took more than ${TIMEOUT_MS / 1_000} s`;
  // Behind the first line, which repeats the command, its own words; then its usage.
  const [first = '', words = ''] = reasonOf(error).split('\n');
  return `${of} failed: ${words === '' ? first : words}`;
}
