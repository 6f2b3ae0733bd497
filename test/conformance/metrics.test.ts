/** What the server tells monitoring: health as JSON, metrics in the Prometheus text format. */

import { request } from 'undici';
import { afterEach, describe, expect, test } from 'vitest';
import { createMessageWriter } from '../../core/message.ts';
import type { Client, Endpoint } from '../../core/transport.ts';
import type { PushServer } from '../../servers/push-server.ts';
import { createPushServer } from '../../servers/push-server.ts';
import { transports } from '../../transports/registry.ts';
import { connectWs } from '../../transports/ws/client.ts';

let server: PushServer | undefined;
const clients: Client[] = [];

afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await server?.close();
});

async function start(bufferLimitBytes = 2 ** 20): Promise<PushServer> {
  server = await createPushServer({
    transports: { ws: transports.ws },
    heartbeatMs: 0,
    bufferLimitBytes,
  });
  return server;
}

function endpointOf({ endpoints }: PushServer): Endpoint {
  const endpoint = endpoints['ws'];
  if (endpoint === undefined) throw new Error('ws is not served');
  return endpoint;
}

/** Resolves with the client when it has received `count` messages. */
async function connect(
  to: PushServer,
  count: number,
): Promise<{ client: Client; received: Promise<void> }> {
  let left = count;
  let done: () => void = () => undefined;
  const received = new Promise<void>((resolve) => {
    done = resolve;
  });
  const client = await connectWs({
    endpoint: endpointOf(to),
    client: 0,
    clock: () => 0,
    timeoutMs: 5_000,
    sink: {
      message: () => {
        left -= 1;
        if (left === 0) done();
      },
      closed: () => undefined,
    },
  });
  clients.push(client);
  return { client, received };
}

const read = async (to: PushServer, path: string) => {
  const { statusCode, headers, body } = await request(`http://127.0.0.1:${to.httpPort}${path}`);
  return { statusCode, type: headers['content-type'], text: await body.text() };
};

const sampleOf = (text: string, name: string): number =>
  Number(new RegExp(`^pushbench_${name} (\\S+)$`, 'm').exec(text)?.[1]);

describe('monitoring', () => {
  test('/healthz says that the server is up and how many sessions it has', async () => {
    const up = await start();
    await connect(up, 1);
    const { statusCode, type, text } = await read(up, '/healthz');
    expect(statusCode).toBe(200);
    expect(type).toBe('application/json');
    expect(JSON.parse(text)).toEqual({ status: 'ok', sessions: 1 });
  });

  test('/metrics counts sessions, messages and bytes exactly', async () => {
    const up = await start();
    const { received } = await connect(up, 3);
    const write = createMessageWriter(100);
    for (let seq = 0; seq < 3; seq += 1) up.hub.broadcast(write(seq, 0, 0));
    await received;
    const { statusCode, type, text } = await read(up, '/metrics');
    expect(statusCode).toBe(200);
    expect(type).toContain('text/plain');
    expect(sampleOf(text, 'sessions')).toBe(1);
    expect(sampleOf(text, 'sessions_opened_total')).toBe(1);
    expect(sampleOf(text, 'messages_published_total')).toBe(3);
    expect(sampleOf(text, 'messages_delivered_total')).toBe(3);
    expect(sampleOf(text, 'drops_total\\{reason="newest"\\}')).toBe(0);
    // The handshake, and three frames of 2 + 100 bytes.
    expect(sampleOf(text, 'bytes_written_total')).toBeGreaterThan(3 * 102 + 100);
  });

  test('/metrics has the event loop, CPU and memory of the process', async () => {
    const { text } = await read(await start(), '/metrics');
    for (const name of [
      'nodejs_eventloop_lag_seconds',
      'process_cpu_seconds_total',
      'process_resident_memory_bytes',
    ]) {
      expect(text).toMatch(new RegExp(`^${name} \\d`, 'm'));
    }
  });

  test('a second scrape does not count anything twice', async () => {
    const up = await start();
    const { received } = await connect(up, 1);
    up.hub.broadcast(createMessageWriter(100)(0, 0, 0));
    await received;
    await read(up, '/metrics');
    expect(sampleOf((await read(up, '/metrics')).text, 'messages_delivered_total')).toBe(1);
  });
});
