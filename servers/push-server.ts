/** A push server on one transport: listener, hub, health and metrics routes. Usable in any process. */
import type { Faults } from '../core/faults.ts';
import { createRandom } from '../core/random.ts';
import type { Endpoint, Transport } from '../core/transport.ts';
import { FaultyHub } from './faulty-hub.ts';
import { Hub } from './hub.ts';
import { openListener } from './listener.ts';
import { metricsRoute } from './metrics.ts';

export interface PushServerOptions {
  readonly transport: Transport;
  readonly host: string;
  readonly port: number;
  readonly heartbeatMs: number;
  readonly bufferLimitBytes: number;
  readonly seed: number;
  /** Present where faults are to be injected. */
  readonly faults?: Faults | undefined;
}

export interface PushServer {
  readonly hub: Hub;
  readonly endpoint: Endpoint;
  readonly httpPort: number;
  /** SSE streams end, WebSockets get 1001, and no port is left. */
  close(deadlineMs?: number): Promise<void>;
}

/** How long sessions have to end by themselves before they are destroyed, ms. */
const CLOSE_DEADLINE_MS = 2_000;

export async function createPushServer(options: PushServerOptions): Promise<PushServer> {
  const listener = await openListener(options.host, options.port);
  const hubOptions = {
    heartbeatMs: options.heartbeatMs,
    bufferLimitBytes: options.bufferLimitBytes,
    random: createRandom(options.seed),
  };
  const hub =
    options.faults === undefined ? new Hub(hubOptions) : new FaultyHub(hubOptions, options.faults);
  const end = await options.transport.attach(listener, hub);
  hub.use(end);
  listener.route('GET', '/healthz', (_request, response) => {
    response.writeHead(200, { 'Content-Type': 'application/json' });
    response.end(`${JSON.stringify({ status: 'ok', sessions: hub.sessions.size })}\n`);
  });
  listener.route('GET', '/metrics', metricsRoute(hub));
  return {
    hub,
    endpoint: end.endpoint,
    httpPort: listener.port,
    async close(deadlineMs = CLOSE_DEADLINE_MS) {
      listener.close();
      await hub.close(deadlineMs);
      listener.destroyRest();
    },
  };
}
