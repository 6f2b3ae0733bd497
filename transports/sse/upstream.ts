/** Takes one message from the body of a POST: the upstream of a protocol whose stream is one-way. */
import type { IncomingMessage, ServerResponse } from 'node:http';

/** The largest message accepted, the same as the largest payload a scenario offers. */
const MAX_BODY_BYTES = 16 * 1024 * 1024;

export function answerUpstream(
  request: IncomingMessage,
  response: ServerResponse,
  onMessage: (message: Buffer) => void,
): void {
  const chunks: Buffer[] = [];
  let length = 0;
  request.on('data', (bytes: Buffer) => {
    length += bytes.length;
    if (length <= MAX_BODY_BYTES) chunks.push(bytes);
  });
  // A sender that goes away in the middle has sent nothing.
  request.on('error', () => response.destroy());
  request.on('end', () => {
    if (length > MAX_BODY_BYTES) {
      response.writeHead(413).end(`a message has at most ${MAX_BODY_BYTES} bytes\n`);
      return;
    }
    onMessage(Buffer.concat(chunks, length));
    response.writeHead(204).end();
  });
}
