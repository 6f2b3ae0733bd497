/** The head of an answer: how long each step takes, who is on the way, what is agreed on. */
import type { IncomingHttpHeaders } from 'node:http';
import { median } from '../../core/median.ts';
import type { HeadFacts, HeadTimes, NamedHeader } from '../../core/records/probe.ts';
import type { Watched } from './connection.ts';
import { openStream } from './connection.ts';
import { dial } from './dial.ts';
import type { ProbeEndpoint } from './endpoint.ts';
import { isSecure } from './endpoint.ts';
import { ProbeFailure } from './probe-failure.ts';

/** Connections that measuring a head takes at most: the samples, one that asks for compression, one for ALPN. */
export const HEAD_CONNECTIONS = 5;
const SAMPLES = HEAD_CONNECTIONS - 2;

/** By which servers, proxies and networks name themselves. */
const HOPS: readonly string[] = [
  'server',
  'via',
  'x-powered-by',
  'x-served-by',
  'x-cache',
  'cf-ray',
  'cf-cache-status',
  'x-amz-cf-pop',
  'x-amzn-requestid',
  'x-azure-ref',
  'x-varnish',
  'x-vercel-id',
  'fly-request-id',
  'x-envoy-upstream-service-time',
  'x-akamai-request-id',
  'x-fastly-request-id',
  'x-nf-request-id',
  'x-railway-edge',
  'age',
  'alt-svc',
];
const KEEP_ALIVE: readonly string[] = ['connection', 'keep-alive', 'proxy-connection'];

/** @throws ProbeFailure when there is no stream */
export async function measureHead(
  endpoint: ProbeEndpoint,
  { samples = SAMPLES, signal }: { samples?: number; signal?: AbortSignal | undefined } = {},
): Promise<HeadFacts> {
  const watcher = { arrived: () => undefined };
  const times: HeadTimes[] = [];
  let last: Watched | undefined;
  for (let n = 0; n < samples; n += 1) {
    last = await openStream(endpoint, watcher, { signal });
    times.push(last.times);
    await last.leave();
  }
  if (last === undefined) throw new RangeError('a head needs a sample');
  const { headers, status, httpVersion, tls } = last;
  return {
    transport: endpoint.transport,
    samples: times,
    typical: typicalOf(times),
    status,
    httpVersion,
    alpn: isSecure(endpoint.url) ? await preferredOf(endpoint, signal) : undefined,
    tls,
    keepAlive: named(headers, KEEP_ALIVE),
    hops: named(headers, HOPS),
    cacheControl: headers['cache-control'],
    accelBuffering: textOf(headers['x-accel-buffering']),
    subprotocol: headers['sec-websocket-protocol'],
    compression: {
      unasked: compressionOf(endpoint, headers),
      ...(await askForCompression(endpoint, signal)),
    },
  };
}

function typicalOf(times: readonly HeadTimes[]): HeadTimes {
  const step = (name: keyof HeadTimes): number | undefined =>
    median(times.flatMap((one) => one[name] ?? []));
  return {
    lookupMs: step('lookupMs'),
    connectMs: step('connectMs') ?? 0,
    tlsMs: step('tlsMs'),
    headMs: step('headMs') ?? 0,
  };
}

/** What TLS agrees on when a browser would be asking. */
async function preferredOf(
  endpoint: ProbeEndpoint,
  signal: AbortSignal | undefined,
): Promise<string> {
  const { socket, alpn } = await dial(endpoint, ['h2', 'http/1.1'], signal);
  socket.destroy();
  return alpn ?? '';
}

async function askForCompression(
  endpoint: ProbeEndpoint,
  signal: AbortSignal | undefined,
): Promise<{ asked: string | undefined; problem: string | undefined }> {
  try {
    const asked = await openStream(
      endpoint,
      { arrived: () => undefined },
      { compressed: true, signal },
    );
    await asked.leave();
    return { asked: compressionOf(endpoint, asked.headers), problem: undefined };
  } catch (error) {
    // It was let in without; that it is not let in with is a finding and not the end.
    if (error instanceof ProbeFailure && error.kind !== 'aborted') {
      return { asked: undefined, problem: error.message };
    }
    throw error;
  }
}

function compressionOf(
  { transport }: ProbeEndpoint,
  headers: IncomingHttpHeaders,
): string | undefined {
  const name = transport === 'sse' ? 'content-encoding' : 'sec-websocket-extensions';
  const value = textOf(headers[name]);
  return value === 'identity' ? undefined : value;
}

function named(headers: IncomingHttpHeaders, names: readonly string[]): NamedHeader[] {
  return names.flatMap((name) => {
    const value = textOf(headers[name]);
    return value === undefined ? [] : [{ name, value }];
  });
}

const textOf = (value: string | string[] | undefined): string | undefined =>
  Array.isArray(value) ? value.join(', ') : value;
