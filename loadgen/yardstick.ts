/**
 * Plain HTTP as a yardstick: autocannon POSTs requests that are answered in the response, over as many
 * connections as the load uses. A process of its own; prints one JSON document.
 *
 * autocannon counts from the actual sending and never has more requests under way than connections, so
 * its percentiles are not comparable with ours where the server stalls: it says what a POST costs.
 */
import autocannon from 'autocannon';
import { createClock, newEpoch } from '../core/clock.ts';
import { createHistogram, HIGHEST_US, valueAtQuantile } from '../core/histogram.ts';
import { createMessageWriter } from '../core/message.ts';
import type { Client, Endpoint } from '../core/transport.ts';
import { connectSse } from '../transports/sse/client.ts';

export interface YardstickConfig {
  readonly endpoint: Endpoint;
  readonly connections: number;
  readonly pipelining: number;
  readonly ratePerS: number;
  readonly durationMs: number;
  readonly payloadBytes: number;
  readonly connectTimeoutMs: number;
}

/** What it prints. */
export interface YardstickFigures {
  readonly p50: number;
  readonly p99: number;
  readonly answered: number;
  readonly failed: number;
  readonly ratePerS: number;
  /** What came instead of 200, the most frequent first: 'status 503 (12), no answer in time (3)'. */
  readonly causes: string;
}

// Whoever wants to know is gone.
process.on('disconnect', () => process.exit(1));
if (process.connected === false) process.exit(1);

const config = JSON.parse(process.argv[2] ?? '{}') as YardstickConfig;
const session = await openSession(config);
try {
  process.stdout.write(`${JSON.stringify(await drive(config, session.session ?? ''))}\n`);
} finally {
  session.close();
}

/** The session whose operations are POSTed; its stream carries nothing meanwhile. */
function openSession({ endpoint, connectTimeoutMs }: YardstickConfig): Promise<Client> {
  return connectSse({
    endpoint,
    client: 0,
    sink: { message: () => undefined, closed: () => undefined },
    clock: createClock(newEpoch()),
    timeoutMs: connectTimeoutMs,
    query: 'session=new',
  });
}

function drive(
  { endpoint, connections, pipelining, ratePerS, durationMs, payloadBytes }: YardstickConfig,
  session: string,
): Promise<YardstickFigures> {
  const scheme = endpoint.tls === undefined ? 'http' : 'https';
  const data = createMessageWriter(payloadBytes)(0, 0, 0).toString('utf8');
  const latency = createHistogram();
  let failed = 0;
  const causes = new Map<string, number>();
  const count = (cause: string, times = 1): void => {
    if (times > 0) causes.set(cause, (causes.get(cause) ?? 0) + times);
  };
  return new Promise((resolve, reject) => {
    const instance = autocannon(
      {
        url: `${scheme}://${endpoint.host}:${endpoint.port}${endpoint.sessionsPath}/${session}/send?answer=response`,
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: `{"op":"request","id":"1","data":${data}}`,
        connections,
        pipelining,
        overallRate: ratePerS,
        duration: durationMs / 1_000,
        // Of our own making where the server speaks TLS; who it is, is not the question here.
        ...(endpoint.tls === undefined ? {} : { tlsOptions: { rejectUnauthorized: false } }),
      },
      (error, result) => {
        if (error) {
          reject(error);
          return;
        }
        count('no answer in time', result.timeouts);
        count('a broken connection', result.errors - result.timeouts);
        resolve({
          p50: valueAtQuantile(latency, 0.5) ?? 0,
          p99: valueAtQuantile(latency, 0.99) ?? 0,
          answered: latency.totalCount,
          // Its errors include those that took too long.
          failed: failed + result.errors,
          ratePerS: latency.totalCount / result.duration,
          causes: textOf(causes),
        });
      },
    );
    instance.on('response', (_client, status, _bytes, responseMs) => {
      if (status === 200) {
        latency.recordValue(Math.min(HIGHEST_US, Math.max(1, Math.round(responseMs * 1_000))));
      } else {
        failed += 1;
        count(`status ${status}`);
      }
    });
  });
}

function textOf(causes: ReadonlyMap<string, number>): string {
  if (causes.size === 0) return 'no answer came while it lasted';
  return [...causes]
    .sort(([, a], [, b]) => b - a)
    .map(([cause, times]) => `${cause} (${times})`)
    .join(', ');
}
