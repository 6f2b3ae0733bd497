/**
 * Publishes over one WebSocket connection, opened as those of the clients are. When it ends it is made again;
 * what is to be sent meanwhile has failed.
 */
import type { WebSocket } from 'ws';
import { reasonOf } from '../../core/errors.ts';
import type { LoadedTarget, Target } from '../../core/target.ts';
import type { Dialled } from './dial.ts';
import { dial } from './dial.ts';
import { openingOf } from './dialect.ts';
import type { Places } from './placeholders.ts';
import { fill, fillAll, messageTemplate, titleOf } from './placeholders.ts';
import type { TargetPublisher } from './publisher.ts';
import { Sendings } from './sendings.ts';
import { TargetFailure } from './target-failure.ts';

type Frame = Extract<Target['publish'], { readonly frame: unknown }>['frame'];

const AGAIN_MS = 200;

export async function framePublisher(
  target: LoadedTarget,
  { text, url }: Frame,
  places: Places,
): Promise<TargetPublisher> {
  const { ws } = target;
  const address = url ?? ws?.url;
  if (address === undefined) {
    throw new TargetFailure(
      `${titleOf(target)}: publish.frame has no url, and there is no 'ws' whose url it could take`,
    );
  }
  const dialAgain = (): Promise<Dialled> =>
    dial(
      fill(address, places),
      {
        subprotocol: ws?.subprotocol,
        headers: fillAll(ws?.headers, places),
        opening: ws === undefined ? [] : openingOf(ws, places),
        replies: ws?.replies ?? [],
      },
      fill(text, places),
    );
  const sendings = new Sendings();
  let isClosed = false;
  let current: { readonly socket: WebSocket; frameOf(message: string): string } | undefined;
  let why = '';
  let timer: NodeJS.Timeout | undefined;
  const keep = (dialled: Dialled): void => {
    const { socket } = dialled;
    current = { socket, frameOf: messageTemplate(dialled.text) };
    socket.once('close', (code, reason) => {
      why = `the publishing connection ended with code ${code} ${reason}`.trim();
      current = undefined;
      again();
    });
  };
  const again = (): void => {
    if (isClosed) return;
    timer = setTimeout(() => {
      dialAgain().then(
        (dialled) => (isClosed ? dialled.socket.terminate() : keep(dialled)),
        (error: unknown) => {
          why = `the publishing connection could not be made again: ${reasonOf(error)}`;
          again();
        },
      );
    }, AGAIN_MS);
  };
  try {
    keep(await dialAgain());
  } catch (error) {
    throw new TargetFailure(
      `${titleOf(target)}: the connection that publishes could not be opened: ${reasonOf(error)}`,
    );
  }
  return {
    send(message) {
      if (current === undefined) {
        sendings.fail(why);
        return;
      }
      const { socket, frameOf } = current;
      const frame = frameOf(message.toString('latin1'));
      sendings.add(
        new Promise<void>((resolve, reject) => {
          socket.send(frame, (error) => (error ? reject(error) : resolve()));
        }),
      );
    },
    settle: (timeoutMs) => sendings.settle(timeoutMs),
    async close() {
      isClosed = true;
      clearTimeout(timer);
      current?.socket.terminate();
    },
  };
}
