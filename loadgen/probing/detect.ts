/** Which transport an address speaks: by its scheme, or by what it answers. */
import { openStream } from './connection.ts';
import type { ProbeEndpoint } from './endpoint.ts';
import { ProbeFailure } from './probe-failure.ts';

/**
 * `ws:` and `wss:` are WebSocket. Of `http:` and `https:` the answer to a GET decides, and where that is no
 * event stream, whether it can be upgraded.
 * @throws ProbeFailure of the GET where both fail: it is what a browser would be told
 */
export async function detectTransport(
  endpoint: Omit<ProbeEndpoint, 'transport'>,
  signal?: AbortSignal,
): Promise<ProbeEndpoint> {
  const asWs = { ...endpoint, transport: 'ws' } as const;
  if (/^wss?:$/.test(endpoint.url.protocol) || endpoint.subprotocol !== undefined) {
    await tryOnce(asWs, signal);
    return asWs;
  }
  const asSse = { ...endpoint, transport: 'sse' } as const;
  try {
    await tryOnce(asSse, signal);
    return asSse;
  } catch (error) {
    const answered = error instanceof ProbeFailure && error.kind === 'answer';
    // Nobody there is nobody there; and a server that only upgrades may hang up on anything else.
    if (!answered && !(error instanceof ProbeFailure && error.kind === 'hung-up')) throw error;
    try {
      await tryOnce(asWs, signal);
      return asWs;
    } catch (second) {
      if (second instanceof ProbeFailure && second.kind !== 'aborted') throw error;
      throw second;
    }
  }
}

async function tryOnce(endpoint: ProbeEndpoint, signal: AbortSignal | undefined): Promise<void> {
  const watched = await openStream(endpoint, { arrived: () => undefined }, { signal });
  await watched.leave();
}
