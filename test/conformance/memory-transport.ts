/**
 * A transport without sockets: connections that a test stalls, lets go on and cuts as it likes, so that
 * thousands of sequences of operations run through the whole server in a moment.
 */
import { onTestFinished } from 'vitest';
import type {
  Admission,
  Attendance,
  Connection,
  Frame,
  Host,
  PushEvent,
  Transport,
} from '../../core/transport.ts';
import type { PushServer, PushServerOptions } from '../../servers/push-server.ts';
import { createPushServer } from '../../servers/push-server.ts';

export interface HeardEvent {
  readonly event: string;
  readonly id: string;
  readonly data: string;
}

/** As `socket.write` has it. */
const HIGH_WATER_BYTES = 64;

export class MemoryConnection implements Connection {
  bytesWritten = 0;
  bufferedBytes = 0;
  state: 'open' | 'closing' | 'closed' = 'open';
  readonly heard: HeardEvent[] = [];
  attendance: Attendance | undefined;
  private isStalled = false;
  private readonly buffered: Frame[] = [];
  private readonly onDrain: (() => void)[] = [];

  write(frame: Frame): boolean {
    if (this.state !== 'open') throw new Error('something was written behind the end');
    this.bytesWritten += frame.bytes.length;
    this.buffered.push(frame);
    this.bufferedBytes += frame.bytes.length;
    if (!this.isStalled) this.take();
    return this.bufferedBytes <= HIGH_WATER_BYTES;
  }

  writeAll(frames: readonly Frame[]): boolean {
    for (const frame of frames) this.write(frame);
    return this.bufferedBytes <= HIGH_WATER_BYTES;
  }

  whenDrained(callback: () => void): void {
    this.onDrain.push(callback);
  }

  heartbeat(): void {
    if (this.state === 'closed') throw new Error('a heart beats on');
  }

  close(): void {
    if (this.state === 'open') this.state = 'closing';
  }

  destroy(): void {
    this.close();
  }

  stall(): void {
    this.isStalled = true;
  }

  /** The client reads on, as long as there is something. */
  goOn(): void {
    this.isStalled = false;
    if (this.state === 'open') this.take();
    while (this.bufferedBytes === 0 && this.state === 'open') {
      const callback = this.onDrain.shift();
      if (callback === undefined) return;
      callback();
    }
  }

  /** Says what a client says. */
  say(operation: object | string): void {
    const text = typeof operation === 'string' ? operation : JSON.stringify(operation);
    if (this.state === 'open') this.attendance?.received(Buffer.from(text), 'text');
  }

  /** The connection is gone, from whichever side. */
  end(): void {
    if (this.state === 'closed') return;
    this.state = 'closed';
    this.attendance?.closed();
  }

  private take(): void {
    for (const { bytes } of this.buffered.splice(0)) {
      this.heard.push(JSON.parse(bytes.toString()) as HeardEvent);
    }
    this.bufferedBytes = 0;
  }
}

interface MemoryTransport {
  readonly transport: Transport;
  /** @throws Error when it is not let in */
  connect(query: string): MemoryConnection;
}

function createMemoryTransport(): MemoryTransport {
  let host: Host | undefined;
  const encode = ({ event, id, data }: PushEvent): Frame => ({
    bytes: Buffer.from(JSON.stringify({ event, id, data: data.toString() })),
    binary: false,
  });
  const unavailable = { unavailable: 'its clients are made by the test' };
  return {
    transport: {
      title: 'memory',
      explain: 'connections without sockets, for tests',
      role: 'candidate',
      async attach(_listener, given) {
        host = given;
        return { endpoint: { host: '', port: 0, path: '' }, encode };
      },
      clients: { lean: unavailable, library: unavailable },
    },
    connect(query) {
      const admission: Admission | undefined = host?.admitQuery(query, '127.0.0.1');
      if (host === undefined || admission?.ok !== true) {
        throw new Error(`'${query}' was not let in: ${JSON.stringify(admission)}`);
      }
      const connection = new MemoryConnection();
      connection.attendance = host.open(connection, admission.visit);
      return connection;
    },
  };
}

export interface MemoryServer {
  readonly server: PushServer;
  connect(query: string): MemoryConnection;
}

/** A whole push server on this transport. It is closed when the test is over. */
export async function openMemoryServer(
  options: Partial<Omit<PushServerOptions, 'transports'>> = {},
): Promise<MemoryServer> {
  const { transport, connect } = createMemoryTransport();
  const server = await createPushServer({
    heartbeatMs: 0,
    ...options,
    transports: { memory: transport },
  });
  onTestFinished(() => server.close(0));
  return { server, connect };
}
