/**
 * nginx with the module nchan (Debian: apt-get install nginx libnginx-mod-nchan), with one channel that is
 * read by SSE and WebSocket at the same path: https://nchan.io
 */
import { defineTarget } from 'pushbench';

// Paths of Debian; whoever runs it needs to be nobody in particular, so all it writes is in {folder}.
const config = `load_module /usr/lib/nginx/modules/ngx_nchan_module.so;
daemon off;
pid {folder}/nginx.pid;
error_log stderr error;
# One process does the work, as in the other servers here; 'auto' is one per core of the machine, whether or
# not the server may run on it.
worker_processes 1;
events {
  worker_connections 20000;
}
http {
  access_log off;
  # A message is kept in memory, and never in a file.
  client_max_body_size 2m;
  client_body_buffer_size 2m;
  client_body_temp_path {folder}/client_body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  server {
    listen 127.0.0.1:{port};
    location = /news {
      nchan_subscriber websocket eventsource;
      nchan_channel_id news;
      # Who is new gets what is published from now on; who comes back, what it missed.
      nchan_subscriber_first_message newest;
    }
    location = /publish {
      nchan_publisher http;
      nchan_channel_id news;
      nchan_message_buffer_length 1000;
      nchan_message_timeout 1m;
    }
  }
}
`;

export default defineTarget({
  name: 'nchan',
  title: 'nginx with nchan',
  files: { 'nginx.conf': config },
  // Servers are where the PATH of an ordinary user does not lead.
  env: { PATH: `${process.env['PATH']}:/usr/local/sbin:/usr/sbin` },
  start: { command: ['nginx', '-e', 'stderr', '-p', '{folder}', '-c', 'nginx.conf'] },
  sse: { url: 'http://127.0.0.1:{port}/news', resume: true },
  ws: { url: 'ws://127.0.0.1:{port}/news' },
  publish: { post: { url: 'http://127.0.0.1:{port}/publish', body: '{message}' } },
});
