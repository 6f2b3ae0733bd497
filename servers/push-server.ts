/**
 * A push server on one or several transports: one hub, the same rules on each. Usable in any process:
 *
 *     const server = await createPushServer({ port: 8080 });
 *     server.hub.publish({ room: 'news', data: Buffer.from('{"hello":1}'), kind: 'json' });
 *     await server.close();
 */
import type { Logger } from 'pino';
import type { Epoch } from '../core/clock.ts';
import { createClock, NS_PER_MS, newEpoch } from '../core/clock.ts';
import type { Faults } from '../core/faults.ts';
import { checkAddresses } from '../core/loopback.ts';
import { createRandom } from '../core/random.ts';
import type { SlowPolicy } from '../core/scenario.ts';
import type { Connection, Endpoint, Transport } from '../core/transport.ts';
import { sse } from '../transports/sse/index.ts';
import { ws } from '../transports/ws/index.ts';
import { createAccess } from './access.ts';
import type { AdmissionLimits } from './admission.ts';
import { Gatekeeper } from './admission.ts';
import type { RequestHandler } from './application.ts';
import { echo } from './application.ts';
import type { AskOutcome } from './asks.ts';
import { Asks } from './asks.ts';
import { CircuitBreaker } from './circuit-breaker.ts';
import { FaultyHub } from './faulty-hub.ts';
import { feedNames, startFeeds } from './feeds.ts';
import { checkLiveness } from './heartbeats.ts';
import { Hub } from './hub.ts';
import type { HubEvent, HubOptions } from './hub-options.ts';
import type { OpenListener } from './listener.ts';
import { openListener } from './listener.ts';
import { logEvent, traced } from './log.ts';
import type { Membership } from './membership.ts';
import { metricsRoute } from './metrics.ts';
import { Operator } from './operator.ts';
import type { PortServices, Rates } from './port.ts';
import { Port } from './port.ts';
import type { RingLimits } from './replay-ring.ts';
import { addRoutes } from './routes.ts';
import type { Session } from './session.ts';

/** What a push server can be told. Everything has a default (`defaults` below). */
export interface PushServerOptions {
  /** Under names of your choice; each of its own protocol, since they share paths. */
  readonly transports: Readonly<Record<string, Transport>>;
  readonly host: string;
  /** Of 127.0.0.1 on, each with the same port, for clients that one address has not ports enough for; left out: one, `host`. */
  readonly addresses?: number | undefined;
  /** 0 takes any free port. */
  readonly port: number;
  /** Of the transport that is not over HTTP, where there is one; left out: any free port. */
  readonly tcpPort?: number | undefined;
  /** Paths of a certificate and its key, PEM, for HTTPS and WSS. */
  readonly tls: { readonly cert: string; readonly key: string } | undefined;
  /** Interval of heartbeats, ms; 0 sends none. */
  readonly heartbeatMs: number;
  /**
   * How long the answer to a heartbeat may take, ms, counted from the heartbeat, where the protocol has one
   * (WebSocket's pong): who is later is cut off; 0 waits for ever.
   */
  readonly pongTimeoutMs: number;
  /** How long a connection is silent until TCP probes whether the peer is there, ms, whole seconds; 0: never. */
  readonly keepAliveMs: number;
  /** What happens to sessions that do not keep up, and from how many buffered bytes on. */
  readonly policy: SlowPolicy;
  readonly bufferLimitBytes: number;
  /** With `disconnect`: the longest a session may hold back; with `block`: the longest all wait, ms. */
  readonly slowMs: number;
  readonly blockMs: number;
  /** What each room keeps for those who come back. */
  readonly replay: RingLimits;
  /** How long a session with an identity may be away, ms, and what is kept for it meanwhile. */
  readonly lingerMs: number;
  readonly away: RingLimits;
  /** Longest life of a connection, ms, give or take a fifth; 0: no end. */
  readonly lifetimeMs: number;
  /** When clients are told to come back after a cut, ms, give or take half; 0 says nothing. */
  readonly retryMs: number;
  readonly limits: AdmissionLimits;
  readonly rates: Rates;
  /** Largest message or body of a client, bytes. */
  readonly messageLimitBytes: number;
  /** How long a client may take for the head of a request, and for all of it, ms. */
  readonly headersTimeoutMs: number;
  readonly requestTimeoutMs: number;
  /** Whoever has it may connect and POST; undefined: everybody. */
  readonly token: string | undefined;
  /** Origins of pages that may connect; 'any': all of them. */
  readonly origins: 'any' | readonly string[];
  /** Answers requests of clients. */
  readonly onRequest: RequestHandler;
  /** How long a client may take to answer a question, ms. */
  readonly askTimeoutMs: number;
  /** Failures of `onRequest` in a row after which it is spared, and for how long, ms. */
  readonly breaker: { readonly failures: number; readonly openMs: number };
  /** Whether the rooms `clock` and `ticker` are published to. */
  readonly feeds: boolean;
  readonly log: Logger | undefined;
  /** Is told what happens to sessions, as it happens; it must not throw. */
  readonly onSession: ((event: HubEvent) => void) | undefined;
  /** Identity or number of a session whose messages are logged. */
  readonly trace: string | undefined;
  readonly seed: number;
  /** What times are counted from, where other processes are to understand them; left out: the start. */
  readonly epoch?: Epoch | undefined;
  /** Present where faults are to be injected. */
  readonly faults: Faults | undefined;
  /**
   * Where this is one of several processes behind one port. Limits of admission are those of each process
   * then, and a session does not outlive its connection (`lingerMs` must be 0).
   */
  readonly membership: Membership | undefined;
}

const KIB = 1_024;
const MIB = 1_024 * KIB;

export const defaults: PushServerOptions = {
  transports: { sse, ws },
  host: '127.0.0.1',
  port: 0,
  tls: undefined,
  heartbeatMs: 15_000,
  pongTimeoutMs: 0,
  keepAliveMs: 0,
  policy: 'drop-newest',
  bufferLimitBytes: MIB,
  slowMs: 10_000,
  blockMs: 250,
  replay: { count: 0, bytes: 16 * MIB, ageMs: 300_000 },
  lingerMs: 0,
  away: { count: 1_000, bytes: MIB, ageMs: 300_000 },
  lifetimeMs: 0,
  retryMs: 0,
  limits: {
    maxSessions: Number.POSITIVE_INFINITY,
    maxPerAddress: Number.POSITIVE_INFINITY,
    maxRooms: 100_000,
    rooms: undefined,
  },
  rates: { perSession: 0, burst: 100 },
  messageLimitBytes: 16 * MIB,
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 30_000,
  token: undefined,
  origins: 'any',
  onRequest: echo,
  askTimeoutMs: 30_000,
  breaker: { failures: 5, openMs: 10_000 },
  feeds: false,
  log: undefined,
  onSession: undefined,
  trace: undefined,
  seed: 1,
  faults: undefined,
  membership: undefined,
};

/** What the routes are made of. */
export interface PushServices extends PortServices {
  readonly messageLimitBytes: number;
  readonly membership: Membership | undefined;
  ask(session: Session, data: unknown, timeoutMs?: number): Promise<AskOutcome>;
}

export interface PushServer {
  readonly hub: Hub;
  readonly operator: Operator;
  readonly asks: Asks;
  readonly gatekeeper: Gatekeeper;
  readonly listener: OpenListener;
  /** Where clients of each transport connect, by the names it was given. */
  readonly endpoints: Readonly<Record<string, Endpoint>>;
  readonly httpPort: number;
  /** Asks the client of a session. @param timeoutMs left out: the server's own */
  ask(session: Session, data: unknown, timeoutMs?: number): Promise<AskOutcome>;
  /** Logs the messages of the session with this identity from its next connection on. */
  trace(session: string | undefined): void;
  /** Lets nobody in any more, sends everybody away without a stampede, and closes. */
  drain(deadlineMs?: number): Promise<void>;
  /** SSE streams end, WebSockets get 1001, and no port is left. */
  close(deadlineMs?: number): Promise<void>;
}

/** How long sessions have to end by themselves before they are destroyed, ms. */
const CLOSE_DEADLINE_MS = 2_000;
const DRAIN_DEADLINE_MS = 10_000;

/** @throws RangeError for times that make no sense; the `listen` error of Node (EADDRINUSE, EACCES, …) */
export async function createPushServer(
  given: Partial<PushServerOptions> = {},
): Promise<PushServer> {
  const options: PushServerOptions = { ...defaults, ...given };
  const { log, addresses = 1 } = options;
  // Before anything is opened, since it may refuse its options.
  checkLiveness(options);
  checkAddresses(options);
  const access = createAccess(options);
  const listener = await openListener(options);
  const clock = createClock(options.epoch ?? newEpoch());
  let traceId = options.trace;
  const hubOptions: HubOptions = {
    ...options,
    random: createRandom(options.seed),
    clock,
    onEvent(event) {
      onEvent(event);
      options.onSession?.(event);
      if (log !== undefined) logEvent(log, event);
    },
  };
  const hub =
    options.faults === undefined ? new Hub(hubOptions) : new FaultyHub(hubOptions, options.faults);
  options.membership?.attach({
    deliver: (publication) => hub.publish(publication),
    fill: (state) => hub.rooms.fill(state, clock() / NS_PER_MS),
  });
  const asks = new Asks({
    instance: hub.book.instance,
    defaultTimeoutMs: options.askTimeoutMs,
    remember: 10_000,
    setTimer(act, ms) {
      const timer = setTimeout(act, ms);
      timer.unref();
      return { cancel: () => clearTimeout(timer) };
    },
    clock,
  });
  const feeds = options.feeds ? feedNames : [];
  const gatekeeper = new Gatekeeper(hub, access, options.limits, feeds, log);
  const breaker = new CircuitBreaker({ ...options.breaker, clock: () => performance.now() });
  const operator = new Operator(hub, asks, gatekeeper, breaker, options.onRequest, log);
  function onEvent({ kind, session }: HubEvent): void {
    if (kind === 'closed') operator.left(session);
    else if (kind === 'forgotten') operator.abandon(session);
  }
  const services: PushServices = {
    hub,
    gatekeeper,
    operator,
    rates: options.rates,
    messageLimitBytes: options.messageLimitBytes,
    membership: options.membership,
    clock,
    watch: (session, connection: Connection) =>
      log !== undefined &&
      traceId !== undefined &&
      (session.id === traceId || String(session.number) === traceId)
        ? traced(connection, log, session.number)
        : connection,
    ask(session, data, timeoutMs) {
      const { id, outcome } = asks.open(session, timeoutMs);
      hub.tell(session, 'ask', JSON.stringify({ id, data }));
      return outcome;
    },
  };
  guardRequests(listener, gatekeeper);
  listener.onRefused((status) => gatekeeper.count(status));
  const endpoints: Record<string, Endpoint> = {};
  try {
    for (const [name, transport] of Object.entries(options.transports)) {
      const port = new Port(services, feeds, options.messageLimitBytes);
      const end = await transport.attach(listener, port);
      port.encode = end.encode;
      const { certificate } = listener;
      endpoints[name] = {
        ...end.endpoint,
        ...(addresses === 1 ? {} : { addresses }),
        ...(certificate === undefined ? {} : { tls: { ca: certificate } }),
      };
    }
    addRoutes(listener, services);
    const counting = { hub, operator, asks, gatekeeper, breaker };
    listener.route('GET', '/metrics', metricsRoute(counting, options.membership));
    await listener.openFurther();
  } catch (error) {
    listener.close();
    await hub.close(0);
    throw error;
  }
  const running = options.feeds ? startFeeds(hub, options.seed) : undefined;

  const close = async (deadlineMs = CLOSE_DEADLINE_MS): Promise<void> => {
    running?.close();
    listener.close();
    await hub.close(deadlineMs);
    asks.closeAll();
    listener.destroyRest();
  };
  return {
    hub,
    operator,
    asks,
    gatekeeper,
    listener,
    endpoints,
    httpPort: listener.port,
    ask: services.ask,
    trace: (session) => {
      traceId = session;
    },
    async drain(deadlineMs = DRAIN_DEADLINE_MS) {
      await hub.drain(deadlineMs);
      await close(0);
    },
    close,
  };
}

/** Tokens, origins and CORS for everything but streams and upgrades, which ask when they are let in. */
function guardRequests(listener: OpenListener, gatekeeper: Gatekeeper): void {
  listener.guard((request, response) => {
    const { method, headers, url = '/' } = request;
    if (method === 'POST' || url.startsWith('/metrics')) {
      const refusal = gatekeeper.check(request);
      for (const [name, value] of Object.entries(gatekeeper.access.corsHeaders(headers.origin))) {
        response.setHeader(name, value);
      }
      if (refusal === undefined) return false;
      request.resume();
      response.writeHead(refusal.status, { 'Content-Type': 'text/plain', ...refusal.headers });
      response.end(`${refusal.says}\n`);
      return true;
    }
    if (method !== 'OPTIONS') return false;
    const answer = gatekeeper.access.preflight(headers);
    response.writeHead(answer.status, answer.headers).end();
    return true;
  });
}
