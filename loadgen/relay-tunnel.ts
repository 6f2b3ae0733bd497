/**
 * The forwarding core of a relay: one connection from a client and one to the target, and bytes from each
 * to the other, no faster than they are taken. It knows no protocol. How one direction forwards can be
 * replaced, and with it what the path is like.
 */
import type { Socket } from 'node:net';
import { connect } from 'node:net';

/** One direction under way. */
export interface Flow {
  /** Forwards nothing more; what was handed to the other side already still leaves. */
  stop(): void;
  /** Calls back once all that has come in is handed on; left out: it always is. */
  whenEmpty?(callback: () => void): void;
}

/** Forwards one direction until its end, which it passes on. */
export type Forward = (from: Socket, to: Socket) => Flow;

/** As it comes, as fast as the other side takes it. */
export const forwardAtOnce: Forward = (from, to) => {
  const onData = (bytes: Buffer): void => {
    if (!to.write(bytes)) from.pause();
  };
  const onDrain = (): void => void from.resume();
  const onEnd = (): void => void to.end();
  from.on('data', onData);
  from.on('end', onEnd);
  to.on('drain', onDrain);
  return {
    stop() {
      from.off('data', onData);
      from.off('end', onEnd);
      to.off('drain', onDrain);
    },
  };
};

export interface TunnelOptions {
  /** In the order in which they were accepted. */
  readonly number: number;
  readonly target: { readonly host: string; readonly port: number };
  readonly forward: Forward;
  /** Both its connections are gone. */
  onGone(tunnel: Tunnel): void;
}

type State = 'opening' | 'open' | 'cut';

export class Tunnel {
  readonly number: number;
  private readonly client: Socket;
  private readonly upstream: Socket;
  private flows: readonly Flow[] = [];
  private state: State = 'opening';

  /** @param client just accepted, and allowed to be half open */
  constructor(client: Socket, options: TunnelOptions) {
    const { number, target, forward } = options;
    this.number = number;
    this.client = client;
    // A half-closed connection is passed on as one, so each side ends when it has been told to.
    this.upstream = connect({ ...target, noDelay: true, allowHalfOpen: true });
    this.upstream.once('connect', () => {
      if (this.state !== 'opening') return;
      this.state = 'open';
      this.flows = [forward(client, this.upstream), forward(this.upstream, client)];
    });
    let gone = 0;
    for (const [direction, [side, other]] of [
      [client, this.upstream] as const,
      [this.upstream, client] as const,
    ].entries()) {
      // 'close' follows every 'error', and says that there was one.
      side.on('error', () => undefined);
      side.once('close', (broken) => {
        // What broke on one side breaks on the other in the same way, behind what is still on its way.
        const passOn = (): void => {
          if (this.state !== 'cut' && broken) other.resetAndDestroy();
          else if (this.state !== 'cut') other.destroySoon();
        };
        const flow = this.flows[direction];
        if (flow?.whenEmpty === undefined) passOn();
        else flow.whenEmpty(passOn);
        gone += 1;
        if (gone === 2) options.onGone(this);
      });
    }
  }

  get isOpen(): boolean {
    return this.state === 'open';
  }

  /** Ends both sides in good order; what either still sends is thrown away. */
  finish(): void {
    this.stop();
    for (const side of [this.client, this.upstream]) {
      side.resume();
      side.end();
    }
  }

  /** Resets both sides. */
  reset(): void {
    this.stop();
    this.client.resetAndDestroy();
    this.upstream.resetAndDestroy();
  }

  /**
   * Keeps both connections and forwards nothing more. The target is not read any more, so that its buffers
   * fill, as towards a path that has gone; a client that gives up and leaves is let go, and nobody is told.
   */
  hold(): void {
    this.stop();
    this.upstream.pause();
    this.client.resume();
    this.client.once('end', () => this.client.destroy());
  }

  /** Lets go of the target that a held tunnel has kept; its client has to find out by itself. */
  forget(): void {
    this.upstream.resetAndDestroy();
  }

  destroy(): void {
    this.state = 'cut';
    this.client.destroy();
    this.upstream.destroy();
  }

  private stop(): void {
    this.state = 'cut';
    for (const flow of this.flows) flow.stop();
  }
}
