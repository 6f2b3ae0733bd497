/** Micro-benchmarks of encoding (once per broadcast) and parsing (once per read). Information only. */

import { createParser } from 'eventsource-parser';
import { Bench } from 'tinybench';
import { createMessageWriter } from '../../core/message.ts';
import type { Supervisor } from '../../loadgen/child-process.ts';
import { SseParser } from '../../transports/sse/parser.ts';
import { encodeSse } from '../../transports/sse/server.ts';
import { WsParser } from '../../transports/ws/parser.ts';
import { encodeServerFrame } from '../../transports/ws/server.ts';
import type { Finding } from './finding.ts';
import { information } from './finding.ts';
import { event, MANY, MESSAGE_BYTES, message, sseChunk, wsChunk } from './inputs.ts';

export async function benchCodec(
  _supervisor: Supervisor,
  _rounds: number,
  log: (text: string) => void,
): Promise<Finding[]> {
  let sum = 0;
  const take = (_bytes: Buffer, start: number, end: number): void => {
    sum += end - start;
  };
  const nothing = (): void => undefined;
  const sse = new SseParser({ event: take });
  const ws = new WsParser({
    message: take,
    ping: nothing,
    pong: nothing,
    close: nothing,
    error: nothing,
  });
  const library = createParser({
    onEvent: ({ data }) => {
      sum += data.length;
    },
  });
  const write = createMessageWriter(MESSAGE_BYTES);

  const bench = new Bench({ time: 500 });
  bench
    .add('codec.write', () => write(42, 1_250_000_000, 1_250_061_234))
    .add('codec.encode.sse', () => encodeSse(event))
    .add('codec.encode.ws', () => encodeServerFrame(message))
    .add('codec.parse.sse', () => sse.feed(sseChunk.one, 0, sseChunk.one.length, 0))
    .add(`codec.parse.sse.${MANY}`, () => sse.feed(sseChunk.many, 0, sseChunk.many.length, 0))
    .add('codec.parse.eventsource-parser', () => library.feed(sseChunk.one.toString('utf8')))
    .add('codec.parse.ws', () => ws.feed(wsChunk.one, 0, wsChunk.one.length, 0))
    .add(`codec.parse.ws.${MANY}`, () => ws.feed(wsChunk.many, 0, wsChunk.many.length, 0));
  await bench.run();
  log(`codec: ${sum.toLocaleString('en-US')} bytes parsed`);
  return bench.tasks.flatMap(({ name, result }) => {
    if (!('latency' in result)) return [];
    const each = name.endsWith(`.${MANY}`) ? MANY : 1;
    return [
      information(
        name,
        (result.latency.p50 * 1e6) / each,
        'ns',
        `median per message of ${MESSAGE_BYTES} B`,
      ),
    ];
  });
}
