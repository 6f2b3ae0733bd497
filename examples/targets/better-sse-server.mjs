/** better-sse as its documentation shows it: a session for each client, and one channel that all are in. */
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { createChannel, createSession } from 'better-sse';

const news = createChannel();

async function handle(request, response) {
  if (request.method === 'GET' && request.url === '/events') {
    news.register(await createSession(request, response));
    return;
  }
  if (request.method === 'POST' && request.url === '/publish') {
    news.broadcast(await text(request), 'news');
    response.writeHead(204).end();
    return;
  }
  response.writeHead(404).end();
}

const server = createServer((request, response) => {
  handle(request, response).catch((error) => {
    // Whoever published is gone before the end of the request; the others stay.
    console.error(error);
    response.destroy();
  });
});
server.listen(Number(process.env.PORT), '127.0.0.1');
