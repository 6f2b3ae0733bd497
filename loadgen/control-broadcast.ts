/**
 * The control: a frozen broadcast over TCP that imports nothing of this project. When its figures move
 * between rounds or runs, the machine moved, and not the code under test. Changing this file makes all
 * earlier control figures incomparable, so a test holds its hash.
 *
 *   node control-broadcast.js [server cores] [client cores]     prints one JSON line
 *
 * One server process sends 200 clients in another process 50 messages of 128 bytes a second, for 1.2 s,
 * of which the first 0.3 s are not counted.
 */
import { spawn } from 'node:child_process';
import type { AddressInfo, Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import process from 'node:process';

const CLIENTS = 200;
const PERIOD_MS = 20;
const MESSAGES = 60;
const WARM_UP = 15;
const BYTES = 128;

const [, script = '', role = '', second = ''] = process.argv;
const nowUs = (): number => Number(process.hrtime.bigint() / 1_000n);

// A control process whose parent is gone must not stay behind.
process.on('disconnect', () => process.exit(0));
if (role === 'server') serve();
else if (role === 'clients') receive(Number(second));
else await orchestrate(role, second);

async function orchestrate(serverCores: string, clientCores: string): Promise<void> {
  const start = (cores: string, ...args: string[]) => {
    const node = [process.execPath, script, ...args];
    const [command = '', ...rest] = cores === '' ? node : ['taskset', '-c', cores, ...node];
    return spawn(command, rest, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  };
  const server = start(serverCores, 'server');
  const children = [server];
  const message = (child: typeof server) =>
    new Promise<Record<string, number>>((resolve, reject) => {
      child.once('message', (value) => resolve(value as Record<string, number>));
      child.once('exit', (code) => reject(new Error(`a control process ended with ${code}`)));
    });
  try {
    const { port = 0 } = await message(server);
    const clients = start(clientCores, 'clients', String(port));
    children.push(clients);
    const served = message(server);
    const received = await message(clients);
    process.stdout.write(`${JSON.stringify({ ...received, ...(await served) })}\n`);
  } finally {
    for (const child of children) child.kill('SIGKILL');
  }
}

function serve(): void {
  const sockets: Socket[] = [];
  const server = createServer({ noDelay: true }, (socket) => {
    socket.on('error', () => socket.destroy());
    sockets.push(socket);
    if (sockets.length === CLIENTS) broadcast();
  });
  server.listen(0, '127.0.0.1', 1_024, () =>
    process.send?.({ port: (server.address() as AddressInfo).port }),
  );

  function broadcast(): void {
    const startUs = nowUs() + 50_000;
    let index = 0;
    let cpuAtStart = 0;
    const tick = (): void => {
      for (; index < MESSAGES && startUs + index * PERIOD_MS * 1_000 <= nowUs(); index += 1) {
        if (index === WARM_UP) cpuAtStart = cpuUs();
        const due = startUs + index * PERIOD_MS * 1_000;
        const frame = Buffer.from(`${index} ${due} `.padEnd(BYTES - 1, 'x').concat('\n'));
        for (const socket of sockets) socket.write(frame);
      }
      if (index < MESSAGES)
        return void setTimeout(
          tick,
          Math.max(0, (startUs + index * PERIOD_MS * 1_000 - nowUs()) / 1_000),
        );
      const spent = cpuUs() - cpuAtStart;
      process.send?.({ cpu: Math.round((spent * 1_000) / ((MESSAGES - WARM_UP) * CLIENTS)) });
    };
    tick();
  }
}

function cpuUs(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

function receive(port: number): void {
  const latencies: number[] = [];
  let received = 0;
  for (let client = 0; client < CLIENTS; client += 1) {
    let rest = '';
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    socket.on('error', () => process.exit(1));
    socket.on('data', (bytes) => {
      const at = nowUs();
      const lines = (rest + bytes.toString('latin1')).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const [index, due] = line.split(' ');
        received += 1;
        if (Number(index) >= WARM_UP) latencies.push(at - Number(due));
      }
      if (received === CLIENTS * MESSAGES) report();
    });
  }
  function report(): void {
    latencies.sort((a, b) => a - b);
    const at = (quantile: number): number =>
      latencies[Math.floor(quantile * latencies.length)] ?? 0;
    process.send?.({ p50: at(0.5), p99: at(0.99), deliveries: latencies.length });
  }
}
