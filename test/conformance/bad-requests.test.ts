/** Requests that are wrong in every way: each gets its status, is counted once, and harms nobody else. */
import { describe, expect, test } from 'vitest';
import type { BadRequest } from './bad-request.ts';
import { expectRefused, json, post } from './bad-request.ts';
import { besiege } from './siege.ts';
import { httpRequest, openPeer, openWebSocket, statusOf, upgradeHeaders } from './stubborn-peer.ts';

const LIMIT = 64 * 1_024;
const deep = `${'['.repeat(501)}${']'.repeat(501)}`;

const bodies: readonly BadRequest[] = [
  { what: 'JSON that stops half-way', request: post('/publish', '{"a":'), status: 400 },
  { what: 'JSON that nests 501 deep', request: post('/publish', deep), status: 400 },
  { what: 'no body where JSON is announced', request: post('/publish', ''), status: 400 },
  {
    what: 'a content type of XML',
    request: post('/publish', '<a/>', 'Content-Type: application/xml'),
    status: 415,
  },
  {
    what: 'a body that is announced as too large and never comes',
    request: httpRequest('POST', '/publish', [json, `Content-Length: ${LIMIT + 1}`]),
    status: 413,
  },
  {
    what: 'a body that is announced as too large and comes at once',
    request: post('/publish', Buffer.alloc(8 * 2 ** 20, 'x')),
    status: 413,
  },
  {
    what: 'chunks that become too large without an announcement',
    request: Buffer.concat([
      httpRequest('POST', '/publish', [json, 'Transfer-Encoding: chunked']),
      Buffer.from('4000\r\n'),
      Buffer.alloc(0x4000, 'x'),
      Buffer.from('\r\nf000\r\n'),
      Buffer.alloc(0xf000, 'x'),
      Buffer.from('\r\n'),
    ]),
    status: 413,
  },
  {
    what: 'text that is not UTF-8',
    request: post('/publish', Buffer.from([0x61, 0xff, 0xc0]), 'Content-Type: text/plain'),
    status: 400,
  },
  {
    what: 'JSON that is not UTF-8',
    request: post('/publish', Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22])),
    status: 400,
  },
];

const places: readonly BadRequest[] = [
  { what: 'a path that is nowhere', request: httpRequest('GET', '/nowhere'), status: 404 },
  {
    what: 'a POST to a session without a name',
    request: post('/sessions//send', '{}'),
    status: 404,
  },
  {
    what: 'a POST to a session that never was',
    request: post('/sessions/nobody/send', '{"op":"ping"}'),
    status: 404,
  },
  {
    what: 'a message to a session that never was',
    request: post('/sessions/nobody/message', '1'),
    status: 404,
  },
  {
    what: 'a question to a session that never was',
    request: post('/sessions/nobody/ask', '1'),
    status: 404,
  },
  {
    what: 'the cut of a session that never was',
    request: post('/sessions/nobody/cut', ''),
    status: 404,
  },
  { what: 'DELETE', request: httpRequest('DELETE', '/publish'), status: 405 },
  { what: 'GET where POST is meant', request: httpRequest('GET', '/publish'), status: 405 },
  { what: 'POST where GET is meant', request: post('/events', '1'), status: 405 },
  { what: 'HEAD of a stream', request: httpRequest('HEAD', '/events'), status: 405 },
  {
    what: 'an upgrade of a path that is nowhere',
    request: httpRequest('GET', '/nowhere', upgradeHeaders),
    status: 404,
  },
  { what: 'an upgrade by POST', request: httpRequest('POST', '/ws', upgradeHeaders), status: 400 },
  {
    what: 'an upgrade without a key',
    request: httpRequest('GET', '/ws', upgradeHeaders.slice(0, 3)),
    status: 400,
  },
  {
    what: 'an upgrade to version 12',
    request: httpRequest('GET', '/ws', [
      ...upgradeHeaders.slice(0, 2),
      'Sec-WebSocket-Version: 12',
      upgradeHeaders[3],
    ]),
    status: 400,
  },
  {
    what: 'an upgrade to another protocol',
    request: httpRequest('GET', '/ws', ['Upgrade: h2c', 'Connection: Upgrade']),
    status: 400,
  },
  {
    what: 'a URL of 20,000 letters',
    request: httpRequest('GET', `/events?key=${'k'.repeat(20_000)}`),
    status: 431,
  },
  {
    what: 'headers of a megabyte',
    request: httpRequest('GET', '/events', [`X: ${'x'.repeat(2 ** 20)}`]),
    status: 431,
  },
  { what: 'no HTTP at all', request: 'SSH-2.0-OpenSSH_9.2\r\n\r\n', status: 400 },
  { what: 'the preface of HTTP/2', request: 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', status: 400 },
  {
    what: 'two lengths of one body, as a smuggler sends them',
    request: httpRequest('POST', '/publish', [
      json,
      'Content-Length: 1',
      'Transfer-Encoding: chunked',
    ]),
    status: 400,
  },
];

describe.each(Object.entries({ bodies, places }))('among bad %s', (_group, cases) => {
  test.each(cases)('$what is answered with $status', expectRefused);
});

test('a POST for a session that has ended is answered with 410', async () => {
  await besiege({ 'refused 410': 2 }, async (server) => {
    const client = await openWebSocket(server.httpPort, 'session=new');
    await client.hears(/"session":"([^"]+)"/);
    const id = /"session":"([^"]+)"/.exec(client.heard())?.[1];
    client.socket.destroy();
    await server.guests(0);
    for (const act of ['send', 'cut']) {
      const peer = await openPeer(server.httpPort, post(`/sessions/${id}/${act}`, '{"op":"ping"}'));
      expect(statusOf(await peer.hears(/\r\n\r\n/))).toBe(410);
      peer.socket.destroy();
    }
  });
});

test('a session that ends while the body of its POST comes in is answered with 410', async () => {
  await besiege({ 'refused 410': 1 }, async (server) => {
    const client = await openWebSocket(server.httpPort, 'session=new');
    const id = /"session":"([^"]+)"/.exec(await client.hears(/"session":"[^"]+"/))?.[1];
    const body = '{"op":"join","room":"x"}';
    const head = httpRequest('POST', `/sessions/${id}/send`, [
      json,
      `Content-Length: ${body.length}`,
    ]);
    const peer = await openPeer(server.httpPort, head);
    // An answer on the connection that follows it, so that the head has surely been read.
    const after = await openPeer(server.httpPort, httpRequest('GET', '/healthz'));
    await after.hears(/\r\n\r\n/);
    client.socket.destroy();
    await server.guests(0);
    peer.say(body);
    expect(statusOf(await peer.hears(/\r\n\r\n/))).toBe(410);
    peer.socket.destroy();
    after.socket.destroy();
  });
});
