/** Where clients of a target connect, and what they say there: made from its file. */
import type { Target } from '../../core/target.ts';
import type { Endpoint } from '../../core/transport.ts';
import type { Places } from './placeholders.ts';
import { fill, fillAll } from './placeholders.ts';
import { TargetFailure } from './target-failure.ts';

type Side = NonNullable<Target['ws']>;

const PORTS: Readonly<Record<string, number>> = {
  'http:': 80,
  'ws:': 80,
  'https:': 443,
  'wss:': 443,
};

/**
 * A URL changes braces, in which clients still have to put something: meanwhile there is something else in
 * their place. Lower case, as names of hosts are.
 */
const KEPT = [
  ['{client}', 'pushbench.client.place'],
  ['{id}', 'pushbench.id.place'],
] as const;

/**
 * @param tag marks the messages of this trial
 * @throws TargetFailure where the target does not describe the transport, or has an address that is none
 */
export function endpointOf(
  target: Target,
  transport: string,
  places: Places,
  tag: string,
): Endpoint {
  const side = transport === 'sse' ? target.sse : transport === 'ws' ? target.ws : undefined;
  if (side === undefined) {
    throw new TargetFailure(
      `${target.name} cannot be measured over ${transport}: its file has no '${transport}'`,
    );
  }
  const { host, port, path, isSecure } = addressOf(fill(side.url, places));
  return {
    host,
    port,
    path,
    ...(isSecure ? { tls: {} } : {}),
    dialect: {
      tag,
      headers: fillAll(side.headers, places),
      ...(transport === 'ws' ? { subprotocol: target.ws?.subprotocol } : {}),
      opening: openingOf(side, places),
      replies: transport === 'ws' ? (target.ws?.replies ?? []) : [],
      ignore: side.ignore ?? [],
      ...(transport === 'sse' ? { events: target.sse?.events } : {}),
      resume: transport === 'sse' && target.sse?.resume === true,
    },
  };
}

/** With the places of `{client}` and `{id}` as they were. */
export function addressOf(text: string): {
  host: string;
  port: number;
  path: string;
  isSecure: boolean;
} {
  const url = parse(KEPT.reduce((kept, [place, word]) => kept.replaceAll(place, word), text));
  const standard = url && PORTS[url.protocol];
  if (url === undefined || standard === undefined) {
    throw new TargetFailure(
      `'${text}' is not an address; write it like http://127.0.0.1:{port}/events`,
    );
  }
  const restore = (part: string): string =>
    KEPT.reduce((restored, [place, word]) => restored.replaceAll(word, place), part);
  return {
    // An address of IPv6 has brackets in a URL only.
    host: restore(url.hostname.replace(/^\[|\]$/g, '')),
    port: url.port === '' ? standard : Number(url.port),
    path: restore(url.pathname + url.search),
    isSecure: url.protocol === 'https:' || url.protocol === 'wss:',
  };
}

function parse(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined;
}

export function openingOf(side: Side, places: Places): NonNullable<Side['opening']> {
  return (side.opening ?? []).map((step) => {
    if ('await' in step) return step;
    if ('send' in step) return { send: fill(step.send, places) };
    const { url, method, headers, body } = step.post;
    return {
      post: {
        url: fill(url, places),
        ...(method === undefined ? {} : { method }),
        ...(headers === undefined ? {} : { headers: fillAll(headers, places) }),
        ...(body === undefined ? {} : { body: fill(body, places) }),
      },
    };
  });
}
