/** Makes a connection step by step, so that name, TCP and TLS each have their own time. */
import type { Socket } from 'node:net';
import { connect as connectTcp, isIP } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { connect as connectTls } from 'node:tls';
import type { HeadTimes, TlsFacts } from '../../core/records/probe.ts';
import type { ProbeEndpoint } from './endpoint.ts';
import { hostOf, isSecure, portOf } from './endpoint.ts';
import { failureOf, ProbeFailure } from './probe-failure.ts';
import { within } from './within.ts';

export interface Dialled {
  readonly socket: Socket;
  readonly times: Omit<HeadTimes, 'headMs'>;
  readonly tls: TlsFacts | undefined;
  readonly alpn: string | undefined;
}

/**
 * @param alpn what is offered in TLS, in the order of preference
 * @throws ProbeFailure
 */
export async function dial(
  endpoint: ProbeEndpoint,
  alpn: readonly string[] = ['http/1.1'],
  signal?: AbortSignal,
): Promise<Dialled> {
  const { url, timeoutMs } = endpoint;
  const startedAt = performance.now();
  const tcp = connectTcp({ host: hostOf(url), port: portOf(url), noDelay: true });
  let lookedUpAt: number | undefined;
  tcp.once('lookup', () => {
    lookedUpAt = performance.now();
  });
  await settled(tcp, 'connect', timeoutMs, signal);
  const connectedAt = performance.now();
  const times = {
    // Of an address in digits Node reports a look-up too, which asks nobody.
    lookupMs: isIP(hostOf(url)) === 0 ? minus(lookedUpAt, startedAt) : undefined,
    connectMs: connectedAt - (lookedUpAt ?? startedAt),
  };
  if (!isSecure(url)) {
    return { socket: tcp, times: { ...times, tlsMs: undefined }, tls: undefined, alpn: undefined };
  }
  const socket = connectTls({
    socket: tcp,
    // A name is what certificates are for; an address in digits must not be sent as one.
    ...(isIP(hostOf(url)) === 0 ? { servername: hostOf(url) } : { host: hostOf(url) }),
    ALPNProtocols: [...alpn],
    rejectUnauthorized: !endpoint.insecure,
    ...(endpoint.ca === undefined ? {} : { ca: endpoint.ca }),
  });
  await settled(socket, 'secureConnect', timeoutMs, signal);
  const tlsMs = performance.now() - connectedAt;
  return {
    socket,
    times: { ...times, tlsMs },
    tls: factsOf(socket),
    alpn: socket.alpnProtocol === false || socket.alpnProtocol === null ? '' : socket.alpnProtocol,
  };
}

function factsOf(socket: TLSSocket): TlsFacts {
  const why: unknown = socket.authorizationError;
  return {
    protocol: socket.getProtocol() ?? 'unknown',
    cipher: socket.getCipher().name,
    distrust: socket.authorized ? undefined : String(why ?? 'unknown'),
  };
}

function minus(later: number | undefined, earlier: number): number | undefined {
  return later === undefined ? undefined : later - earlier;
}

/** Waits for one event of a socket, which is destroyed if something else comes of it. */
async function settled(
  socket: Socket,
  event: 'connect' | 'secureConnect',
  timeoutMs: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  const stage = event === 'connect' ? 'connect' : 'tls';
  try {
    await within<void>(
      { timeoutMs, signal },
      `no ${stage === 'tls' ? 'TLS' : 'connection'}`,
      (resolve, fail) => {
        socket.once(event, () => resolve());
        // What a socket that is thrown away has still to say interests nobody.
        socket.on('error', (error) => fail(failureOf(error, stage)));
        socket.once('close', () =>
          fail(new ProbeFailure(stage === 'tls' ? 'tls' : 'unreachable', 'it hung up')),
        );
      },
    );
  } catch (error) {
    socket.destroy();
    throw error;
  }
}
