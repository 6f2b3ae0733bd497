/** The arms that were asked for: each transport on each server, with each kind of client. */
import { fault } from '../core/errors.ts';
import { nearestOf } from '../core/nearest.ts';
import type { Arm } from '../core/result.ts';
import type { ClientKind, Transport } from '../core/transport.ts';
import { clientKinds } from '../core/transport.ts';
import type { Skipped } from '../loadgen/target-fit.ts';
import { transports } from '../transports/registry.ts';
import type { TargetChoice } from './target-file.ts';
import { BUILT_IN } from './target-file.ts';

export interface ArmsAsked {
  /** Names of transports, joined by commas. */
  readonly text: string;
  /** Whether somebody wrote it; what is a default is left out where it makes no sense. */
  readonly isExplicit: boolean;
  readonly client: string;
  readonly targets: readonly TargetChoice[];
}

export interface ArmsFound {
  readonly arms: readonly Arm[];
  readonly skipped: readonly Skipped[];
}

/**
 * Where both kinds of clients are asked for, the library's arms carry it in their name; where there are
 * several servers, every arm carries that of its own, as in `sse@mine`.
 * @throws HarnessError for an arm that there is not, and for one that nothing of what was asked for can run
 */
export function readArms({ text, isExplicit, client, targets }: ArmsAsked): ArmsFound {
  const names = splitList(text);
  refuseGaps('--arms', text);
  if (names.length === 0) throw fault('too-few-arms');
  refuseGaps('--client', client);
  const kinds = splitList(client).map(readClientKind);
  const arms: Arm[] = [];
  const skipped: Skipped[] = [];
  for (const name of names) {
    const transport = readTransport(name);
    for (const target of targets) {
      for (const kind of kinds) {
        const unable = whyUnable(name, transport, kind, target);
        if (unable === undefined) {
          arms.push(armOf({ name, transport, kind, kinds: kinds.length, target, targets }));
        } else if (isExplicit && kinds.length === 1 && targets.length === 1) {
          throw fault('client-unavailable', { arm: name, ...unable });
        } else if (isExplicit) {
          skipped.push({ what: `${name} on ${target.name}`, says: unable.why });
        }
      }
    }
  }
  if (arms.length === 0) {
    // Of a default nothing was said yet: each server says what it can do.
    const reasons = targets.map((target) => `${target.name} ${speaks(target)}`);
    throw fault('target-cannot', {
      reasons: skipped.length > 0 ? skipped.map(({ what, says }) => `${what}: ${says}`) : reasons,
    });
  }
  return { arms: arms.map((arm, index) => numbered(arm, arms.slice(0, index))), skipped };
}

/** Transports that a server of somebody else's is described for. */
export function describedBy({ target }: TargetChoice): string[] {
  if (target === undefined) return Object.keys(transports);
  return [...(target.sse === undefined ? [] : ['sse']), ...(target.ws === undefined ? [] : ['ws'])];
}

const speaks = (choice: TargetChoice): string =>
  `is described for ${describedBy(choice).join(' and ')}`;

function whyUnable(
  name: string,
  transport: Transport,
  kind: ClientKind,
  choice: TargetChoice,
): { readonly why: string; readonly hint?: string } | undefined {
  const client = transport.clients[kind];
  if (typeof client !== 'function') return { why: client.unavailable };
  const { target } = choice;
  if (target === undefined || describedBy(choice).includes(name)) return undefined;
  if (name === 'sse' || name === 'ws') {
    return {
      why: `${choice.name} ${speaks(choice)} only`,
      hint: `Leave it out of --arms, or add ${name}: { url } to ${target.file}.`,
    };
  }
  return {
    why: `only the built-in server speaks ${name}, and ${choice.name} ${speaks(choice)}`,
    hint: `Leave it out of --arms, or compare with --target ${choice.name},${BUILT_IN}.`,
  };
}

interface ArmParts {
  readonly name: string;
  readonly transport: Transport;
  readonly kind: ClientKind;
  readonly kinds: number;
  readonly target: TargetChoice;
  readonly targets: readonly TargetChoice[];
}

function armOf({ name, transport, kind, kinds, target, targets }: ArmParts): Arm {
  const tagged = kind === 'library' && kinds > 1 ? `${name}-library` : name;
  const title = kind === 'library' ? `${transport.title} (library client)` : transport.title;
  const isNamed = targets.length > 1;
  return {
    name: isNamed ? `${tagged}@${target.name}` : tagged,
    title: isNamed || target.target !== undefined ? `${title}, ${target.title}` : title,
    transport: name,
    client: kind,
    target: target.name,
    route: 'direct',
    role: transport.role,
  };
}

/** The same arm twice compares a build with itself (A/A): whatever is found then is noise. */
function numbered(arm: Arm, earlier: readonly Arm[]): Arm {
  const twins = earlier.filter(({ name }) => name === arm.name).length;
  if (twins === 0) return arm;
  return { ...arm, name: `${arm.name}-${twins + 1}`, title: `${arm.title} (${twins + 1})` };
}

function readTransport(name: string): Transport {
  const registry: Readonly<Record<string, Transport>> = transports;
  const transport = Object.hasOwn(registry, name) ? registry[name] : undefined;
  if (transport === undefined) {
    const known = Object.keys(registry);
    throw fault('unknown-name', { what: 'arm', name, nearest: nearestOf(name, known), known });
  }
  return transport;
}

function readClientKind(text: string): ClientKind {
  const kind = clientKinds.find((known) => known === text);
  if (kind === undefined) {
    throw fault('unknown-name', {
      what: 'client',
      name: text,
      nearest: nearestOf(text, clientKinds),
      known: clientKinds,
    });
  }
  return kind;
}

/**
 * A name that is not there may be one that somebody forgot, or a variable of a script that is empty.
 * @throws HarnessError `bad-value`; a list of nothing at all is for whoever reads it
 */
export function refuseGaps(flag: string, text: string): void {
  const names = text.split(',').map((part) => part.trim());
  const gap = names.indexOf('');
  if (gap < 0 || names.every((name) => name === '')) return;
  throw fault('bad-value', {
    flag,
    problem: `'${text}' has nothing in place ${gap + 1}; name something there, or leave the comma out`,
  });
}

export function splitList(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}
