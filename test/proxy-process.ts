/**
 * A real proxy in front of a port, from a configuration that a test writes. Where the program is missing the
 * test is skipped and says why; in CI it fails instead, or nobody would notice that it never ran.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'vitest';

export type ProxyName = 'nginx' | 'haproxy';

const programs = {
  nginx: { path: '/usr/sbin/nginx', args: (file: string) => ['-c', file, '-e', 'stderr'] },
  haproxy: { path: '/usr/sbin/haproxy', args: (file: string) => ['-db', '-f', file] },
} satisfies Record<ProxyName, { path: string; args: (file: string) => string[] }>;

/** Skips the test where the program is missing. @throws Error with CI=true */
export function needs(name: ProxyName, context: TestContext): void {
  const { path } = programs[name];
  if (existsSync(path)) return;
  const missing = `there is no ${name} at ${path}; 'npm run test:setup' installs it`;
  if (process.env['CI'] === 'true') throw new Error(missing);
  context.skip(missing);
}

/**
 * Ended when the test is over, with its folder.
 * @param configure its configuration, given a port to listen on and a folder of its own
 * @returns the port, when it takes connections
 */
export async function startProxy(
  name: ProxyName,
  configure: (port: number, folder: string) => string,
  atEnd: TestContext['onTestFinished'],
): Promise<number> {
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), 'pushbench-test-'));
  const file = join(folder, `${name}.conf`);
  writeFileSync(file, configure(port, folder));
  const { path, args } = programs[name];
  const child = spawn(path, args(file), { stdio: ['ignore', 'pipe', 'pipe'] });
  const closed = once(child, 'close');
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
  }
  atEnd(async () => {
    if (child.exitCode === null) child.kill('SIGTERM');
    await closed;
    rmSync(folder, { recursive: true });
  });
  while (!(await takesConnections(port))) {
    if (child.exitCode !== null) throw new Error(`${name} ended: ${said}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return port;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

function takesConnections(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
