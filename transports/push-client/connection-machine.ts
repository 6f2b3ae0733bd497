/**
 * Keeps a push client connected: which protocol is tried when, how long is waited, what is resumed and
 * which events are new. It knows neither sockets nor what applications do with events.
 *
 *     connecting ──welcome──▶ open ──cut, no sign of life──▶ waiting ──▶ connecting
 *       │  ▲ └─refused: the next protocol┐                      ▲
 *       │  └─────────────────────────────┘                      │
 *       └──nobody there, or no protocol left────────────────────┘
 *       └──refused for good──▶ closed
 */
import type { Random } from '../../core/random.ts';
import type { ClientState, Failure } from './client-state.ts';
import { isFinal } from './client-state.ts';
import { EventOrder } from './event-order.ts';
import type { Introduction, Link, LinkEnd, LinkEvents, Protocol, PushedEvent } from './link.ts';
import { Pongs } from './pongs.ts';
import { ProtocolChoice } from './protocol-choice.ts';
import { PushClientError, refusalOf } from './push-client-error.ts';
import type { Reconnect } from './reconnect.ts';
import type { Timer, Timers } from './timers.ts';

export interface MachineOptions {
  /** In order of preference. */
  readonly protocols: readonly Protocol[];
  /** How long the server may take until it says welcome, or answers a ping, ms. */
  readonly connectTimeoutMs: number;
  /** How long nothing may come before a sign of life is asked for, ms; 0: for ever. */
  readonly livenessMs: number;
  /** How long a protocol is not tried first, after another had to be taken instead, ms. */
  readonly upgradeRetryMs: number;
  readonly lastEventId: string | undefined;
  readonly reconnect: Reconnect;
  readonly random: Random;
  readonly timers: Timers;
  open(protocol: Protocol, introduction: Introduction, events: LinkEvents): Link;
  onState(state: ClientState): void;
  /** Events that are new, in order; without `welcome` and `pong`. */
  onEvent(event: PushedEvent): void;
}

/** Silence that is too long where no sign of life can be asked for, in units of `livenessMs`. */
const SILENT_PERIODS = 3;

export class ConnectionMachine {
  state: ClientState | undefined;
  readonly order: EventOrder;
  private readonly options: MachineOptions;
  private readonly choice: ProtocolChoice;
  private readonly pongs: Pongs;
  private session: string | undefined;
  /** The link that has a say, and its protocol; what others report comes too late. */
  private current: { readonly protocol: Protocol; link: Link | undefined } | undefined;
  /** Still to be tried in this round, and what came of those that were. */
  private candidates: Protocol[] = [];
  private causes: Failure[] = [];
  private attempt = 0;
  /** Ends the state, or looks for signs of life: there is one at a time. */
  private timer: Timer | undefined;
  private lastSignAt = 0;

  constructor(options: MachineOptions) {
    this.options = options;
    this.order = new EventOrder(options.lastEventId);
    this.choice = new ProtocolChoice(options.protocols, options.upgradeRetryMs);
    this.pongs = new Pongs({
      timers: options.timers,
      limitMs: options.connectTimeoutMs,
      // One that does not get out is not answered either, which is noticed.
      ping: () => void this.send('{"op":"ping"}').catch(() => undefined),
      overdue: () =>
        this.ended({ kind: 'cut', says: `no answer within ${options.connectTimeoutMs} ms` }),
    });
  }

  start(): void {
    this.candidates = this.choice.at(this.options.timers.now());
    this.causes = [];
    this.tryNext();
  }

  /** @returns a promise of the end of the connection */
  async close(): Promise<void> {
    if (this.state?.is === 'closed') return;
    const link = this.current?.link;
    this.leave('the client was closed');
    this.enter({ is: 'closed', causes: [] });
    await link?.close();
  }

  /** @throws PushClientError (as a rejection), `lost` where there is no connection */
  async send(operation: string): Promise<void> {
    const link = this.current?.link;
    if (this.state?.is !== 'open' || link === undefined) {
      throw new PushClientError('lost', 'there is no connection');
    }
    await link.send(operation, this.state.session);
  }

  /** As `send`, and resolves when the server has carried it out. @throws also when it has refused */
  async confirm(operation: string): Promise<void> {
    const inBand = this.link?.confirms === false;
    return inBand ? this.pongs.around(() => this.send(operation)) : this.send(operation);
  }

  /** The link of an open connection. */
  get link(): Link | undefined {
    return this.state?.is === 'open' ? this.current?.link : undefined;
  }

  private tryNext(): void {
    const protocol = this.candidates.shift();
    if (protocol === undefined) {
      this.endRound();
      return;
    }
    this.enter({ is: 'connecting', transport: protocol });
    // Whoever heard of that may have closed the client.
    if (this.state?.is !== 'connecting') return;
    const { connectTimeoutMs, timers } = this.options;
    const seat: NonNullable<typeof this.current> = { protocol, link: undefined };
    this.current = seat;
    const ifCurrent =
      <A extends unknown[]>(act: (...args: A) => void) =>
      (...args: A): void => {
        if (this.current === seat) act(...args);
      };
    this.arm(connectTimeoutMs, () =>
      this.ended({ kind: 'silent', says: `no answer within ${connectTimeoutMs} ms` }),
    );
    const introduction = { session: this.session, lastEventId: this.order.lastId };
    seat.link = this.options.open(protocol, introduction, {
      alive: ifCurrent(() => {
        this.lastSignAt = timers.now();
      }),
      event: ifCurrent((event: PushedEvent) => this.received(event)),
      ended: ifCurrent((end: LinkEnd) => this.ended(end)),
    });
  }

  private received(event: PushedEvent): void {
    this.lastSignAt = this.options.timers.now();
    if (this.state?.is === 'connecting') {
      this.welcomed(this.state.transport, event);
    } else if (event.event === 'pong') {
      this.pongs.arrived();
    } else if (!this.isAwaited(event) && (event.id === '' || this.order.admit(event.id))) {
      this.options.onEvent(event);
    }
  }

  /** Whether it is a refusal that somebody waits for, who has been told. */
  private isAwaited({ event, data }: PushedEvent): boolean {
    return event === 'refused' && this.pongs.refused(refusalOf(data));
  }

  private welcomed(transport: Protocol, { event, data }: PushedEvent): void {
    const { session, resumed } = (event === 'welcome' && isRecord(data) ? data : {}) as {
      session?: unknown;
      resumed?: unknown;
    };
    if (typeof session !== 'string') {
      const says = 'it did not say welcome, as a push server does';
      this.ended({ kind: 'refused', status: undefined, says, spoken: false });
      return;
    }
    this.session = session;
    this.attempt = 0;
    const instead = this.causes.map((failure) => failure.transport);
    this.choice.taken(transport, instead, this.options.timers.now());
    this.watch(transport);
    this.enter({ is: 'open', transport, session, resumed: resumed === true });
  }

  private ended(end: LinkEnd): void {
    const { current, state } = this;
    if (current === undefined || state === undefined) return;
    const wasOpen = state.is === 'open';
    this.leave(end.says);
    current.link?.destroy();
    // Before it was open nothing can be cut: that is how some proxies refuse an upgrade.
    const asItWas: LinkEnd =
      end.kind === 'cut' && !wasOpen
        ? { ...end, kind: 'refused', status: undefined, spoken: false }
        : end;
    const failure: Failure = { ...asItWas, transport: current.protocol };
    if (wasOpen) {
      this.causes = [failure];
      this.wait();
      return;
    }
    this.causes.push(failure);
    if (end.kind === 'unreachable') this.endRound();
    else this.tryNext();
  }

  private endRound(): void {
    if (isFinal(this.causes)) this.enter({ is: 'closed', causes: this.causes });
    else this.wait();
  }

  private wait(): void {
    const { reconnect, random } = this.options;
    const asked = this.causes.flatMap((one) => ('retryMs' in one ? (one.retryMs ?? []) : []));
    const retryMs = asked.length === 0 ? undefined : Math.max(...asked);
    const ms = reconnect(this.attempt, retryMs, random);
    this.attempt += 1;
    this.arm(ms, () => this.start());
    this.enter({ is: 'waiting', ms, causes: this.causes });
  }

  /** Looks now and then whether anything has come. */
  private watch(protocol: Protocol): void {
    const { livenessMs, timers } = this.options;
    this.timer?.cancel();
    if (livenessMs === 0) return;
    const limitMs = protocol === 'ws' ? livenessMs : SILENT_PERIODS * livenessMs;
    const look = (): void => {
      const silentMs = timers.now() - this.lastSignAt;
      if (silentMs < limitMs) this.arm(limitMs - silentMs, look);
      else if (protocol === 'sse') {
        this.ended({ kind: 'cut', says: `nothing came for ${Math.round(silentMs)} ms` });
      } else {
        this.arm(limitMs, look);
        this.pongs.probe();
      }
    };
    this.arm(limitMs, look);
  }

  /** Whatever the link still has to say is of no interest any more. */
  private leave(says: string): void {
    this.timer?.cancel();
    this.current = undefined;
    this.pongs.lose(says);
  }

  private arm(ms: number, act: () => void): void {
    this.timer?.cancel();
    this.timer = this.options.timers.set(act, ms);
  }

  private enter(state: ClientState): void {
    this.state = state;
    this.options.onState(state);
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
