/** The lean clients, and servers to point them at; whatever a test opens is closed when it is over. */
import { onTestFinished } from 'vitest';
import type { Client, Connect, Endpoint } from '../../core/transport.ts';
import { transports } from '../../transports/registry.ts';
import type { Behaviour, MisbehavingServer } from '../misbehaving-server.ts';
import { startMisbehaving } from '../misbehaving-server.ts';
import type { Recorder } from '../recorder.ts';
import { createRecorder } from '../recorder.ts';

function leanClientOf(name: keyof typeof transports): Connect {
  const connect = transports[name].clients.lean;
  if (typeof connect !== 'function') throw new Error(connect.unavailable);
  return connect;
}
export const leanClients = {
  sse: leanClientOf('sse'),
  ws: leanClientOf('ws'),
  raw: leanClientOf('raw'),
};

export interface Attempt {
  readonly endpoint: Endpoint;
  readonly timeoutMs?: number;
  readonly recorder?: Recorder;
  readonly clock?: () => number;
}

export async function openLean(connect: Connect, attempt: Attempt): Promise<Client> {
  const { endpoint, timeoutMs = 10_000, recorder = createRecorder(), clock = () => 0 } = attempt;
  const client = await connect({ endpoint, timeoutMs, sink: recorder, client: 0, clock });
  onTestFinished(() => client.close());
  return client;
}

export async function serve(behave: Behaviour): Promise<MisbehavingServer> {
  const server = await startMisbehaving(behave);
  onTestFinished(() => server.close());
  return server;
}
