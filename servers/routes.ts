/** What the push server answers over plain HTTP: publishing, and everything beside a one-way stream. */
import type { ServerResponse } from 'node:http';
import { reasonOf } from '../core/errors.ts';
import type { Listener, Route } from '../core/transport.ts';
import type { Publication } from './hub-options.ts';
import { DEEPEST, nestsDeeperThan } from './operation.ts';
import { publicationProblem } from './operator.ts';
import { overRate } from './port.ts';
import { Post } from './post.ts';
import type { PushServices } from './push-server.ts';
import type { Session } from './session.ts';

/** What `POST …/ask` is answered, by how it went. */
const ASK_STATUS = { answered: 200, failed: 502, timeout: 408, left: 410 } as const;

const NOT_JSON = 'the body says it is JSON, and is not';

export function addRoutes(listener: Listener, services: PushServices): void {
  const { hub, operator, gatekeeper, messageLimitBytes, membership } = services;

  /** A route of one session: it must be known, and within its rate. */
  const ofSession =
    (handle: (session: Session, post: Post) => void): Route =>
    (request, response) => {
      const post = new Post(request, response, gatekeeper);
      const { id } = post;
      if (membership?.forward(id, request, response) === true) return;
      const session = hub.book.find(id);
      if (session === undefined) {
        if (hub.book.hasEnded(id)) post.refuse(410, 'this session has ended');
        else post.refuse(404, 'there is no such session');
        return;
      }
      const waitMs = overRate(session, services);
      if (waitMs > 0) {
        const seconds = String(Math.ceil(waitMs / 1_000));
        post.refuse(429, 'more than this session may send', { 'Retry-After': seconds });
        return;
      }
      post.read(messageLimitBytes, () => {
        // It may have ended while the body came in.
        if (hub.book.find(id) === session) handle(session, post);
        else post.refuse(410, 'this session has ended');
      });
    };

  listener.route('POST', '/publish', (request, response) => {
    const post = new Post(request, response, gatekeeper);
    post.read(messageLimitBytes, () => {
      const { query, kind } = post;
      const room = query.get('room');
      const key = query.get('key');
      const problem =
        (dataOf(post) === undefined ? NOT_JSON : undefined) ??
        publicationProblem(query.get('event'), key, kind) ??
        (room === null ? undefined : gatekeeper.roomsProblem([room]));
      if (problem !== undefined) return post.refuse(400, problem);
      if (room !== null && !gatekeeper.isRoom(room)) {
        return post.refuse(404, `there is no room '${room}'`);
      }
      hub.counters.upstream += 1;
      hub.publish({ ...publicationOf(post), key: key ?? '', ...(room === null ? {} : { room }) });
      return post.done();
    });
  });

  listener.route(
    'POST',
    '/sessions/:id/send',
    ofSession((session, post) => {
      if (post.kind === 'binary') return post.refuse(415, 'an operation is JSON');
      hub.counters.upstream += 1;
      const inResponse = post.query.get('answer') === 'response';
      const reply = inResponse ? (text: string) => post.answer(200, text) : undefined;
      const outcome = operator.carryOut(session, post.bytes, reply);
      if (outcome.status >= 400) post.refuse(outcome.status, outcome.says ?? '');
      else if (outcome.replied !== true) post.done(outcome.status);
    }),
  );

  listener.route(
    'POST',
    '/sessions/:id/message',
    ofSession((session, post) => {
      const problem =
        (dataOf(post) === undefined ? NOT_JSON : undefined) ??
        publicationProblem(post.query.get('event'), null, post.kind);
      if (problem !== undefined) return post.refuse(400, problem);
      hub.message(session, publicationOf(post));
      return post.done();
    }),
  );

  listener.route(
    'POST',
    '/sessions/:id/ask',
    ofSession((session, post) => {
      if (session.connection === undefined) {
        return post.refuse(410, 'the client of this session is away');
      }
      const data = dataOf(post);
      if (data === undefined) return post.refuse(400, NOT_JSON);
      services
        .ask(session, data.value, timeoutOf(post.query.get('timeout')))
        .then(({ kind, ...rest }) =>
          post.answer(
            kind === 'timeout' && post.isFromBrowser ? 504 : ASK_STATUS[kind],
            JSON.stringify({ outcome: kind, ...rest }),
          ),
        )
        .catch((error: unknown) => post.refuse(500, String(error)));
    }),
  );

  listener.route('POST', '/sessions/:id/cut', (request, response) => {
    const post = new Post(request, response, gatekeeper);
    if (membership?.forward(post.id, request, response) === true) return;
    const session = hub.book.find(post.id);
    if (session?.connection === undefined) {
      return hub.book.hasEnded(post.id)
        ? post.refuse(410, 'this session has ended')
        : post.refuse(404, 'there is no such session');
    }
    request.resume();
    session.connection.destroy();
    return post.done();
  });

  addHealth(listener, services);
}

/** Of several processes it answers for all: healthy while any of them lets somebody in. */
function addHealth(listener: Listener, { hub, membership }: PushServices): void {
  const own = (): Health => ({ isOpen: hub.isOpen, sessions: hub.sessions.size });
  const answer = (response: ServerResponse, all: readonly Health[]): void => {
    const isOpen = all.some((one) => one.isOpen);
    const sessions = all.reduce((sum, one) => sum + one.sessions, 0);
    const status = isOpen ? 'ok' : 'draining';
    const processes = membership === undefined ? {} : { processes: all.length };
    response.writeHead(isOpen ? 200 : 503, { 'Content-Type': 'application/json' });
    response.end(`${JSON.stringify({ status, sessions, ...processes })}\n`);
  };
  membership?.offer('health', async () => JSON.stringify(own()));
  listener.route('GET', '/healthz', (_request, response) => {
    if (membership === undefined) {
      answer(response, [own()]);
      return;
    }
    membership
      .gather('health')
      .then((others) =>
        answer(response, [own(), ...others.map((one) => JSON.parse(one) as Health)]),
      )
      .catch((error: unknown) => response.writeHead(500).end(`${reasonOf(error)}\n`));
  });
}

interface Health {
  readonly isOpen: boolean;
  readonly sessions: number;
}

/** The body under the name in the query; 'message' is the name of what has none. */
function publicationOf({ bytes, kind, query }: Post): Publication {
  const event = query.get('event') ?? '';
  return {
    data: bytes,
    kind,
    event: kind === 'binary' ? 'binary' : event === 'message' ? '' : event,
  };
}

/** Data as a JSON value; undefined where it says it is JSON and is not, or nests too deep to be sent on. */
function dataOf({ bytes, kind }: Post): { value: unknown } | undefined {
  if (kind === 'binary') return { value: bytes.toString('base64') };
  if (kind === 'text') return { value: bytes.toString('utf8') };
  const text = bytes.toString('utf8');
  if (nestsDeeperThan(DEEPEST, text)) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return { value };
  } catch {
    return undefined;
  }
}

/** ms, at most five minutes; undefined for the default. */
function timeoutOf(text: string | null): number | undefined {
  return text !== null && /^\d{1,6}$/.test(text) ? Math.min(300_000, Number(text)) : undefined;
}
