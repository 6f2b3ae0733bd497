/**
 * The real proxies, each as this project starts it: what passes through, what a reload and a restart do to
 * streams, what is said of a configuration that is refused, and that nothing of them is left.
 */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Endpoint } from '../../core/transport.ts';
import { startInstance } from '../../proxies/instance.ts';
import { groupExists, processTree } from '../../proxies/process-tree.ts';
import type { ProxyName } from '../../proxies/registry.ts';
import { proxies } from '../../proxies/registry.ts';
import type { PushServer } from '../../servers/push-server.ts';
import { publish, startServer } from '../client-server.ts';
import { instanceOptions, startReal } from '../real-proxy.ts';
import type { Recorder } from '../recorder.ts';
import { createRecorder } from '../recorder.ts';
import { leanClients } from './lean-clients.ts';

const names = Object.keys(proxies) as ProxyName[];
const transports = ['sse', 'ws'] as const;

/** What a reload does to a stream that is open, as these proxies have it when nobody tells them otherwise. */
const RELOAD: Readonly<Record<ProxyName, Readonly<Record<'sse' | 'ws', 'keeps' | 'cuts'>>>> = {
  nginx: { sse: 'keeps', ws: 'keeps' },
  haproxy: { sse: 'keeps', ws: 'keeps' },
  // A tunnel belongs to the configuration that it was opened with, until 2.7 gave it a delay.
  caddy: { sse: 'keeps', ws: 'cuts' },
  apache: { sse: 'keeps', ws: 'keeps' },
};

async function openThrough(server: PushServer, port: number, recorder: Recorder): Promise<void> {
  for (const [client, name] of transports.entries()) {
    const endpoint = { ...server.endpoints[name], port } as Endpoint;
    const opened = await leanClients[name]({
      endpoint,
      timeoutMs: 10_000,
      sink: recorder,
      client,
      clock: () => 0,
    });
    onTestFinished(() => opened.close());
  }
}

const refused = async (port: number): Promise<unknown> => {
  const [error] = await once(connect({ host: '127.0.0.1', port }), 'error');
  return (error as NodeJS.ErrnoException).code;
};

describe.each(names)('%s', (name) => {
  test('passes on both transports, reloads as it does, and leaves nothing', async (context) => {
    const server = await startServer();
    const instance = await startReal(name, context, server.httpPort);
    const recorder = createRecorder();
    await openThrough(server, instance.port, recorder);
    publish(server, { n: 1 });
    for (const client of transports.keys()) await recorder.received(client, 1);
    const first = processTree(instance.pid);
    await instance.reload();
    if (proxies[name].replacesProcesses) expect(processTree(instance.pid)).not.toEqual(first);
    for (const [client, transport] of transports.entries()) {
      if (RELOAD[name][transport] === 'cuts') await recorder.ended(client);
    }
    publish(server, { n: 2 });
    for (const [client, transport] of transports.entries()) {
      if (RELOAD[name][transport] === 'cuts') continue;
      expect(String((await recorder.received(client, 2)).at(-1))).toContain('2');
      expect(recorder.causes.has(client)).toBe(false);
    }
    // What is new comes in over the new configuration.
    const later = createRecorder();
    await openThrough(server, instance.port, later);
    publish(server, { n: 3 });
    for (const client of transports.keys()) await later.received(client, 1);

    const { port } = instance;
    await instance.restart();
    for (const client of transports.keys()) await later.ended(client);
    expect(instance.port).toBe(port);
    const last = createRecorder();
    await openThrough(server, port, last);

    const group = instance.pid;
    await instance.stop();
    expect(groupExists(group)).toBe(false);
    expect(await refused(port)).toBe('ECONNREFUSED');
  });

  test('names the line that it does not understand', async (context) => {
    const { template, ...options } = instanceOptions(name, context, 9);
    const wrong = template.replace('\n', name === 'caddy' ? '\n\tnonsense 1\n' : '\nnonsense 1;\n');
    await expect(startInstance({ ...options, template: wrong })).rejects.toThrow(
      /nonsense.*\(the line is: nonsense 1;?\)$/,
    );
    await expect(startInstance({ ...options, template: wrong })).rejects.toMatchObject({
      kind: 'config',
      message: expect.not.stringContaining('/tmp/'),
    });
  });
});

test('every proxy starts with what is recommended', async (context) => {
  for (const name of names) {
    const proxy = proxies[name];
    const options = instanceOptions(
      name,
      context,
      9,
      proxy.config(proxy.presets.recommended, false),
    );
    const instance = await startInstance(options);
    await instance.stop();
  }
});

test('nginx that loses its master is ended with its workers, and says how it came about', async (context) => {
  const server = await startServer();
  const instance = await startReal('nginx', context, server.httpPort);
  // It listens before it has workers; whoever is let in has one.
  await openThrough(server, instance.port, createRecorder());
  const processes = processTree(instance.pid);
  expect(processes.length).toBeGreaterThan(1);
  process.kill(instance.pid, 'SIGKILL');
  expect(await instance.ended).toMatch(/^was ended by SIGKILL/);
  // Its workers go on without it.
  expect(groupExists(instance.pid)).toBe(true);
  await instance.stop();
  expect(groupExists(instance.pid)).toBe(false);
});

test('a port that is taken is said to be', async (context) => {
  const squatter = createServer().listen({ host: '127.0.0.1', port: 0 });
  await once(squatter, 'listening');
  onTestFinished(() => void squatter.close());
  const { port } = squatter.address() as AddressInfo;
  const options = { ...instanceOptions('haproxy', context, 9), port };
  await expect(startInstance(options)).rejects.toMatchObject({
    kind: 'port',
    message: expect.stringContaining(`port ${port} on 127.0.0.1`),
  });
});

test('a configuration that listens somewhere else is given up, with the reason', async (context) => {
  const { template, ...options } = instanceOptions('haproxy', context, 9);
  const elsewhere = template.replace('bind {listen}', 'bind unix@{folder}/other.sock');
  await expect(
    startInstance({ ...options, template: elsewhere, startTimeoutMs: 300 }),
  ).rejects.toMatchObject({
    kind: 'start',
    message: expect.stringMatching(/^did not listen within 300 ms/),
  });
});

test('the log of a proxy is in its folder', async (context) => {
  const server = await startServer();
  const options = instanceOptions('nginx', context, server.httpPort);
  const instance = await startInstance(options);
  // Whoever is let in has a worker, of which the log says that it was started.
  await openThrough(server, instance.port, createRecorder());
  await instance.stop();
  expect(readFileSync(join(options.folder, 'proxy.log'), 'utf8')).toContain('start worker process');
});
