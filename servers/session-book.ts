/** Who is known by which identity, who may still come back, and how events are numbered. */
import { randomBytes } from 'node:crypto';
import type { Visit } from '../core/transport.ts';
import type { Encoder } from './session.ts';
import { Session } from './session.ts';

/** Identities that have ended and are remembered, to say "gone" rather than "unknown". */
const REMEMBERED = 10_000;

export class SessionBook {
  /** Tells events of this server from those of the one before it. */
  readonly instance: string;
  private readonly prefix: string;
  private lastNumber = 0;
  private readonly byId = new Map<string, Session>();
  private readonly ended = new Set<string>();
  private readonly lingering = new Set<NodeJS.Timeout>();
  private readonly whenGone = new Map<Session, Set<() => void>>();

  /** @param member of a server with several processes: what they share, and what tells them apart */
  constructor(member?: { readonly instance: string; readonly prefix: string }) {
    this.instance = member?.instance ?? newInstance();
    this.prefix = member?.prefix ?? '';
  }

  /** A new session, with an identity where one is wanted. */
  begin({ session: wanted, address }: Visit, encoder: Encoder): Session {
    this.lastNumber += 1;
    // Not to be guessed: whoever has it may speak for the session.
    const id =
      wanted === undefined ? undefined : this.prefix + randomBytes(16).toString('base64url');
    const session = new Session(this.lastNumber, id, address, encoder);
    if (id !== undefined) this.byId.set(id, session);
    return session;
  }

  find(id: string | undefined): Session | undefined {
    return id === undefined ? undefined : this.byId.get(id);
  }

  hasEnded(id: string): boolean {
    return this.ended.has(id);
  }

  /** Sessions with an identity, connected or away. */
  get size(): number {
    return this.byId.size;
  }

  values(): Iterable<Session> {
    return this.byId.values();
  }

  remove(session: Session): void {
    if (session.id === undefined) return;
    this.byId.delete(session.id);
    this.ended.add(session.id);
    for (const oldest of this.ended) {
      if (this.ended.size <= REMEMBERED) break;
      this.ended.delete(oldest);
    }
  }

  /** Keeps the session for `ms` after its connection has gone, unless it comes back. */
  linger(session: Session, ms: number, forget: () => void): void {
    const timer = setTimeout(() => {
      this.lingering.delete(timer);
      forget();
    }, ms);
    timer.unref();
    this.lingering.add(timer);
    session.linger = {
      cancel: () => {
        clearTimeout(timer);
        this.lingering.delete(timer);
      },
    };
  }

  /** Calls back when the session's connection has gone. */
  onGone(session: Session, callback: () => void): { cancel(): void } {
    const callbacks = this.whenGone.get(session) ?? new Set();
    this.whenGone.set(session, callbacks);
    callbacks.add(callback);
    return {
      cancel: () => {
        callbacks.delete(callback);
        if (callbacks.size === 0) this.whenGone.delete(session);
      },
    };
  }

  /** Resolves when the session has drained, or is gone. */
  drained(session: Session): Promise<void> {
    const { connection } = session;
    if (connection === undefined || connection.bufferedBytes === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const gone = this.onGone(session, resolve);
      connection.whenDrained(() => {
        gone.cancel();
        resolve();
      });
    });
  }

  gone(session: Session): void {
    const callbacks = this.whenGone.get(session);
    this.whenGone.delete(session);
    for (const callback of callbacks ?? []) callback();
  }

  eventId(number: number): string {
    return eventIdOf(this.instance, number);
  }

  /** An event that somebody says he has seen; without a number it is none of ours. */
  eventOf(id: string): { readonly id: string; readonly number: number | undefined } {
    return { id, number: this.numberOf(id) };
  }

  /** @returns undefined for an event of another server, or of none */
  numberOf(eventId: string): number | undefined {
    const [instance, number = ''] = eventId.split('-');
    if (instance !== this.instance || !/^[0-9a-z]{1,11}$/.test(number)) return undefined;
    return Number.parseInt(number, 36);
  }

  close(): void {
    for (const timer of this.lingering) clearTimeout(timer);
    this.lingering.clear();
  }
}

/** Another one for every start of a server. */
export function newInstance(): string {
  return randomBytes(5).toString('hex');
}

export function eventIdOf(instance: string, number: number): string {
  return `${instance}-${number.toString(36)}`;
}
