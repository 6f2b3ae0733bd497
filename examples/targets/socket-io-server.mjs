/** Socket.IO as its documentation shows it: what is published is emitted to every socket. */
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { Server } from 'socket.io';

const server = createServer((request, response) => {
  if (request.method !== 'POST' || request.url !== '/publish') {
    response.writeHead(404).end();
    return;
  }
  text(request).then(
    (message) => {
      io.emit('news', message);
      response.writeHead(204).end();
    },
    (error) => {
      // Whoever published is gone before the end of the request; the others stay.
      console.error(error);
      response.destroy();
    },
  );
});
const io = new Server(server, {
  // Its defaults; a client that has not answered a ping in time is cut off.
  pingInterval: Number(process.env.PING_INTERVAL_MS ?? 25_000),
  pingTimeout: Number(process.env.PING_TIMEOUT_MS ?? 20_000),
});
server.listen(Number(process.env.PORT), '127.0.0.1');
