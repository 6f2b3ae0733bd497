/** What cannot be probed: one sentence, one hint, the right exit code, and nothing printed as a result. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { createCertificate } from '../../core/certificate.ts';
import { reset, startMisbehaving } from '../misbehaving-server.ts';
import { neverAccepts } from '../never-accepts.ts';
import { probeJson, startProbe } from '../probe-run.ts';
import { startStreaming } from '../streaming-server.ts';

describe('what cannot be probed', () => {
  interface Case {
    readonly title: string;
    readonly args: (base: { http: string; ws: string }) => readonly string[];
    readonly says: string;
    readonly hint: string;
    readonly code: number;
  }
  const cases: readonly Case[] = [
    {
      title: 'no URL',
      args: () => ['example.com/events'],
      says: "'example.com/events' is not an address to probe: it does not say with which protocol.",
      hint: 'Write it like https://',
      code: 2,
    },
    {
      title: 'a broken URL',
      args: () => ['http://:x'],
      says: 'it cannot be read as a URL.',
      hint: 'Write it like',
      code: 2,
    },
    {
      title: 'another protocol',
      args: () => ['ftp://example.com/'],
      says: 'ftp: is neither http, https, ws nor wss.',
      hint: 'Write it like',
      code: 2,
    },
    {
      title: 'a page',
      args: ({ http }) => [`${http}/page`],
      says: 'it answers with text/html, and does not upgrade to WebSocket either.',
      hint: 'network log of a browser',
      code: 2,
    },
    {
      title: 'a page as a WebSocket',
      args: ({ ws }) => [`${ws}/page`],
      says: 'there is nothing at this path, 404.',
      hint: 'Check the path',
      code: 2,
    },
    {
      title: 'nothing',
      args: ({ http }) => [`${http}/nothing`],
      says: 'there is nothing at this path, 404.',
      hint: 'Check the path',
      code: 2,
    },
    {
      title: 'a private endpoint',
      args: ({ http }) => [`${http}/private`],
      says: 'it lets nobody in without proof, with 401.',
      hint: '--header',
      code: 2,
    },
    {
      title: 'a login',
      args: ({ http }) => [`${http}/login`],
      says: 'it redirects, with 302, to /sign-in?next=….',
      hint: 'Probe that address; if it is a login',
      code: 2,
    },
    {
      title: 'a server that is down',
      args: ({ http }) => [`${http}/down`],
      says: 'it answers 503.',
      hint: 'Try again later.',
      code: 3,
    },
    {
      title: 'a server that never answers',
      args: ({ http }) => [`${http}/silent`, '--timeout', '3s'],
      says: 'no answer within 3.00 s.',
      hint: '--timeout',
      code: 3,
    },
    {
      title: 'TLS where there is none',
      args: ({ http }) => [http.replace('http', 'https')],
      says: 'it does not speak TLS.',
      hint: 'Write http:// or ws://',
      code: 3,
    },
    {
      title: 'a name that is not known',
      args: () => ['http://nobody.invalid/events'],
      says: 'cannot be probed: the name nobody.invalid',
      hint: 'Check how it is spelt',
      code: 3,
    },
    {
      title: 'a port where nobody listens',
      args: () => ['http://127.0.0.1:9/events'],
      says: 'the connection is refused.',
      hint: 'check host and port',
      code: 3,
    },
    {
      title: 'a message for an event stream',
      args: ({ http }) => [`${http}/events`, '--send', 'x'],
      says: '--send: an event stream takes nothing from its clients.',
      hint: 'Nothing was started.',
      code: 2,
    },
    {
      title: 'a header without a colon',
      args: ({ http }) => [`${http}/events`, '--header', 'secret'],
      says: "--header: a header is written like 'Name: value'.",
      hint: 'Nothing',
      code: 2,
    },
    {
      title: 'too long a time',
      args: ({ http }) => [http, '--max', '6m'],
      says: '--max 6m is outside 1s … 5m.',
      hint: 'between',
      code: 2,
    },
    {
      title: 'too few connections',
      args: ({ http }) => [http, '--connections', '3'],
      says: '--connections 3 is outside 9 … 200.',
      hint: 'between',
      code: 2,
    },
    {
      title: 'many connections unasked',
      args: ({ http }) => [http, '--connections', '31'],
      says: '--connections 31 is more than the 30 that are opened without asking.',
      hint: 'Add --yes',
      code: 2,
    },
  ];
  test.concurrent.for(cases)(
    '$title is refused in a sentence',
    async ({ args, says, hint, code }, { onTestFinished }) => {
      const server = await startStreaming(undefined, onTestFinished);
      const run = startProbe(args(server));
      expect(await run.code).toBe(code);
      expect(run.err()).toContain(says);
      expect(run.err()).toContain(hint);
      expect(run.err()).not.toMatch(/\n\s+at /);
      expect(run.out()).toBe('');
    },
  );

  test.concurrent('a server that resets whoever asks is named', async ({ onTestFinished }) => {
    const server = await startMisbehaving(reset);
    onTestFinished(() => server.close());
    const run = startProbe([`http://127.0.0.1:${server.endpoint.port}/`]);
    expect(await run.code).toBe(3);
    expect(run.err()).toContain('it hangs up without an answer.');
  });

  test('a port that never accepts is given up after --timeout', async () => {
    const port = await neverAccepts();
    const run = startProbe([`ws://127.0.0.1:${port}/`, '--timeout', '200ms']);
    expect(await run.code).toBe(3);
    expect(run.err()).toContain('no connection within 200 ms.');
  });

  test.concurrent('a certificate that nobody vouches for is refused, and taken with --insecure', async ({
    onTestFinished,
  }) => {
    const made = await createCertificate();
    onTestFinished(() => made.remove());
    const server = await startStreaming({ cert: made.ca, key: readFileSync(made.keyPath, 'utf8') });
    const run = startProbe([`${server.http}/events`]);
    expect(await run.code).toBe(3);
    expect(run.err()).toContain('nobody that this machine trusts vouches for its certificate');
    expect(run.err()).toContain('--insecure');
    const found = await probeJson(`${server.http}/events`, '--insecure', '--max', '1s');
    expect(found.head).toMatchObject({ alpn: 'http/1.1', tls: { protocol: 'TLSv1.3' } });
    expect(found.head.tls?.distrust).toMatch(/SELF_SIGNED/);
    expect(found.head.typical.tlsMs).toBeGreaterThan(0);
  });
});
