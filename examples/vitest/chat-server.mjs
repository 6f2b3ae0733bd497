/**
 * The little app under test: whoever has GET /events open hears what is sent to POST /messages. Nothing of the
 * benchmark is in it.
 */
import { createServer } from 'node:http';

const listeners = new Set();

const server = createServer(async (request, response) => {
  if (request.method === 'GET' && request.url === '/events') {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    // The head goes out with the first byte of the body, and the client waits for it.
    response.write(': welcome\n\n');
    listeners.add(response);
    request.once('close', () => listeners.delete(response));
  } else if (request.method === 'POST' && request.url === '/messages') {
    let text = '';
    for await (const chunk of request.setEncoding('utf8')) text += chunk;
    const event = `data: ${JSON.stringify({ text })}\n\n`;
    for (const listener of listeners) listener.write(event);
    response.writeHead(204).end();
  } else {
    response.writeHead(404).end();
  }
});

server.listen(Number(process.env.PORT ?? 8080), '127.0.0.1');
