/**
 * A server process that keeps to the control messages and to nothing else: what its endpoint says is up to
 * the test. As text, since the program starts it as a process of its own.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { CONTROL_VERSION } from '../core/control.ts';

export interface RogueAnswers {
  /** How a GET is answered, as the body of a function of `request` and `response`. */
  readonly stream: string;
  /** How a POST is. */
  readonly post?: string;
  /** Where it says that it listens; left out, where it does. */
  readonly elsewhere?: number;
}

/** Right answers, for the half that is not to be wrong. */
export const OPEN_STREAM = `
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.write('event: welcome\\ndata: {"session":"s","resumed":false}\\n\\n');
`;
export const BUSY = `response.writeHead(503, { 'retry-after': '2' }).end();`;

/** @returns the path of its script, which is gone when the test is over */
export function rogueProcess({ stream, post = BUSY, elsewhere = 0 }: RogueAnswers): string {
  const folder = mkdtempSync(join(tmpdir(), 'pushbench-rogue-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'rogue.mjs');
  writeFileSync(
    path,
    `
import { createServer } from 'node:http';
const get = (request, response) => {${stream}};
const post = (request, response) => {${post}};
const server = createServer((request, response) => {
  request.resume();
  (request.method === 'POST' ? post : get)(request, response);
});
process.on('disconnect', () => process.exit(0));
process.on('message', ({ kind }) => {
  const counts = { drops: {}, bytesIn: 0, bytesOut: 0, blockedNs: 0 };
  if (kind === 'count') process.send({ kind: 'counted', counts });
  if (kind === 'handle') process.send({ kind: 'handling' });
  if (kind === 'stop') process.exit(0);
});
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address();
  const endpoint = {
    host: '127.0.0.1',
    port: ${elsewhere} || port,
    path: '/events',
    upstreamPath: '/publish',
    sessionsPath: '/sessions',
  };
  process.send({ kind: 'listening', version: ${CONTROL_VERSION}, endpoint, httpPort: port });
});
`,
  );
  return path;
}
