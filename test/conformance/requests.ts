/** Plain HTTP requests to a push server, and operations of its clients. */

import { request } from 'undici';
import type { Client } from '../../core/transport.ts';
import type { EventRecorder } from './event-recorder.ts';
import type { WatchedServer } from './watched-server.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

interface Addressed {
  readonly httpPort: number;
}

export async function get(
  { httpPort }: Addressed,
  path: string,
  headers: Readonly<Record<string, string>> = {},
  method: 'GET' | 'OPTIONS' = 'GET',
): Promise<Answer> {
  const answer = await request(`http://127.0.0.1:${httpPort}${path}`, { method, headers });
  const text = await answer.body.text();
  return { status: answer.statusCode, headers: answer.headers, text };
}

/** @param body sent as JSON, unless the headers say otherwise */
export async function post(
  { httpPort }: Addressed,
  path: string,
  body: string | Buffer = '',
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const answer = await request(`http://127.0.0.1:${httpPort}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body,
  });
  const text = await answer.body.text();
  return { status: answer.statusCode, headers: answer.headers, text };
}

/** A client that asked for an identity has one when it is connected. */
export function idOf({ session }: Client): string {
  if (session === undefined) throw new Error('the client has no identity');
  return session;
}

/** Sends an operation the way the client's transport has for it. */
export async function operate(client: Client, operation: object): Promise<void> {
  await client.send(Buffer.from(JSON.stringify(operation)));
}

/** Sends an operation and waits until it has been carried out: what is sent in order is done in order. */
export async function carryOut(
  client: Client,
  events: EventRecorder,
  operation: object,
): Promise<void> {
  await operate(client, operation);
  await operate(client, { op: 'ping' });
  await events.next('pong');
}

/** The status an operation is refused with, whichever way the refusal comes. */
export async function refusalOf(
  { endpoint }: Pick<WatchedServer, 'endpoint'>,
  client: Client,
  events: EventRecorder,
  operation: object,
): Promise<number> {
  const sent = operate(client, operation);
  if (endpoint.sessionsPath !== undefined) {
    const error: unknown = await sent.catch((reason: unknown) => reason);
    return Number(/answered (\d+)/.exec(String(error))?.[1]);
  }
  const { data } = await events.next('refused');
  return (JSON.parse(data.toString()) as { status: number }).status;
}
