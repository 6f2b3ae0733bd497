/**
 * The line between one server process and the primary, beside the messages of the controller, which the
 * primary hands on as they are.
 */
import type { FromServer, ToServer } from '../core/control.ts';
import type { ServerCounts } from '../core/process-reports.ts';
import { countsOf } from './counts.ts';
import type { MemberConfig } from './member.ts';
import { ServerMember } from './member.ts';
import type { Downward, Upward } from './membership.ts';
import type { PushServer } from './push-server.ts';

export type ToMember =
  | ToServer
  | { readonly kind: 'downward'; readonly items: readonly Downward[] }
  /** Asks how many sessions it has. */
  | { readonly kind: 'sessions' };

export type FromMember =
  | FromServer
  | { readonly kind: 'upward'; readonly items: readonly Upward[] }
  | { readonly kind: 'sessions'; readonly sessions: number; readonly counts: ServerCounts }
  /** Its last words: everybody has been sent away, as many sessions as there were. */
  | { readonly kind: 'drained'; readonly counts: ServerCounts };

/** @returns undefined where the process serves alone */
export function joinMembers(
  config: MemberConfig | undefined,
  process: NodeJS.Process,
): ServerMember | undefined {
  if (config === undefined) return undefined;
  const member = new ServerMember(config, (items) => tell(process, { kind: 'upward', items }));
  process.on('message', (message) => {
    const typed = message as ToMember;
    if (typed.kind === 'downward') member.receive(typed.items);
  });
  return member;
}

/** Answers for itself as soon as it serves. */
export async function openToMembers(
  member: ServerMember,
  server: PushServer,
  process: NodeJS.Process,
): Promise<void> {
  const { http } = server.listener;
  await member.openDoor((request, response) => void http.emit('request', request, response));
  // Also when it is the primary that has gone, and nobody else is there to clear up.
  process.on('exit', () => member.closeDoor());
  process.on('message', (message) => {
    if ((message as ToMember).kind !== 'sessions') return;
    tell(process, {
      kind: 'sessions',
      sessions: server.hub.sessions.size,
      counts: countsOf(server),
    });
  });
}

/** Its last words. */
export function tellDrained(counts: ServerCounts, process: NodeJS.Process): void {
  tell(process, { kind: 'drained', counts });
}

function tell(process: NodeJS.Process, message: FromMember): void {
  process.send?.(message);
}
