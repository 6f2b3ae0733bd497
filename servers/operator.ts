/**
 * Carries out what clients ask for, whichever way it came: over their connection or in a POST beside it.
 * One place, so that both ways have the same rules and the same answers.
 */
import type { Logger } from 'pino';
import { reasonOf } from '../core/errors.ts';
import { quote } from '../core/quote.ts';
import type { PushEvent } from '../core/transport.ts';
import type { Gatekeeper } from './admission.ts';
import type { AppRequest, RequestHandler } from './application.ts';
import { isGenerator, RawJson } from './application.ts';
import type { Asks } from './asks.ts';
import type { CircuitBreaker } from './circuit-breaker.ts';
import { CircuitOpenError } from './circuit-breaker.ts';
import type { Hub } from './hub.ts';
import { memberBytes } from './json-text.ts';
import { nameProblem } from './names.ts';
import type { Operation } from './operation.ts';
import { parseOperation } from './operation.ts';
import type { SentRequest } from './quick-request.ts';
import { readQuickRequest } from './quick-request.ts';
import type { Session } from './session.ts';

/** What came of an operation, in the terms of HTTP. */
export interface Outcome {
  /** 202: an answer follows elsewhere; 204: done. */
  readonly status: number;
  readonly says?: string;
  /** It was no operation at all: whoever sends such a thing is not worth listening to. */
  readonly malformed?: boolean;
  /** The reply that was handed over will be given the answer. */
  readonly replied?: boolean;
}

/** Takes the answer to a request, already as JSON text. */
type Reply = (text: string) => void;

export interface OperatorCounters {
  requests: number;
  answered: number;
  failed: number;
  cancelled: number;
  /** Parts of answers sent. */
  parts: number;
  refused: number;
}

/** The answer to a request comes on the stream, or by the reply that was handed over. */
const FOLLOWS: Outcome = { status: 202 };
const REPLIED: Outcome = { status: 202, replied: true };

export class Operator {
  readonly counters: OperatorCounters = {
    requests: 0,
    answered: 0,
    failed: 0,
    cancelled: 0,
    parts: 0,
    refused: 0,
  };
  /** How requests are answered. */
  handler: RequestHandler;
  private readonly hub: Hub;
  private readonly asks: Asks;
  private readonly gatekeeper: Gatekeeper;
  private readonly breaker: CircuitBreaker;
  private readonly log: Logger | undefined;
  /** Requests that are being answered, by session; only those that take longer than a call. */
  private readonly open = new Map<Session, Map<string, AbortController>>();

  constructor(
    hub: Hub,
    asks: Asks,
    gatekeeper: Gatekeeper,
    breaker: CircuitBreaker,
    handler: RequestHandler,
    log: Logger | undefined,
  ) {
    this.log = log;
    this.hub = hub;
    this.asks = asks;
    this.gatekeeper = gatekeeper;
    this.breaker = breaker;
    this.handler = handler;
  }

  /**
   * @param message must be UTF-8; it is only looked at during the call
   * @param reply where the answer to a request goes; left out, to the session's stream
   */
  carryOut(session: Session, message: Buffer, reply?: Reply): Outcome {
    const quick = readQuickRequest(message);
    const outcome =
      quick === undefined
        ? this.parseAndPerform(session, message, reply)
        : this.request(session, quick, reply);
    if (outcome.status >= 400) this.counters.refused += 1;
    return outcome;
  }

  /** The session's connection has gone: it will not answer what it was asked. */
  left(session: Session): void {
    this.asks.leave(session);
  }

  /** The session will not come back: nobody is there to answer, or to be answered. */
  abandon(session: Session): void {
    this.asks.leave(session);
    const requests = this.open.get(session);
    this.open.delete(session);
    for (const controller of requests?.values() ?? []) controller.abort();
  }

  private parseAndPerform(session: Session, message: Buffer, reply: Reply | undefined): Outcome {
    const operation = parseOperation(message.toString('utf8'));
    return 'problem' in operation
      ? { status: 400, says: operation.problem, malformed: operation.malformed }
      : this.perform(session, operation, message, reply);
  }

  private perform(
    session: Session,
    operation: Operation,
    message: Buffer,
    reply: Reply | undefined,
  ): Outcome {
    switch (operation.op) {
      case 'request':
        return this.request(session, new ParsedRequest(operation.id, operation.data), reply);
      case 'publish': {
        const { room, event, key } = operation;
        const problem = this.roomProblem(room);
        if (problem !== undefined) return problem;
        // A copy: the message is the caller's.
        const data = Buffer.from(memberBytes(message, 'data') ?? 'null');
        this.hub.publish({ room, event, key, data, kind: 'json' });
        return { status: 202 };
      }
      case 'answer':
        return this.askOutcome(
          this.asks.answer(
            session,
            operation.id,
            'error' in operation ? { error: operation.error } : { data: operation.data },
          ),
        );
      case 'part':
        return this.askOutcome(this.asks.part(session, operation.id, operation.data));
      case 'cancel':
        return this.cancel(session, operation.id);
      case 'join': {
        const problem = this.roomProblem(operation.room);
        if (problem !== undefined) return problem;
        this.hub.join(session, operation.room);
        return { status: 204 };
      }
      case 'leave':
        return this.hub.leave(session, operation.room)
          ? { status: 204 }
          : { status: 404, says: `the session is not in room '${operation.room}'` };
      case 'resume':
        return this.hub.resume(session, operation.last)
          ? { status: 204 }
          : { status: 429, says: 'read first what has been sent' };
      case 'ping':
        this.hub.tell(session, 'pong', '{}');
        return { status: 202 };
    }
  }

  private roomProblem(room: string): Outcome | undefined {
    const says = this.gatekeeper.roomsProblem([room]);
    if (says !== undefined) return { status: 400, says };
    return this.gatekeeper.isRoom(room)
      ? undefined
      : { status: 404, says: `there is no room '${room}'` };
  }

  private askOutcome(result: ReturnType<Asks['answer']>): Outcome {
    switch (result) {
      case 'accepted':
        return { status: 204 };
      case 'duplicate':
        return { status: 409, says: 'this has been answered already' };
      case 'late':
        return { status: 410, says: 'the answer came too late' };
      case 'unknown':
        return { status: 404, says: 'nobody asked that of this session' };
    }
  }

  private cancel(session: Session, id: string): Outcome {
    const controller = this.open.get(session)?.get(id);
    if (controller === undefined) {
      return { status: 404, says: `there is no request '${id}' under way` };
    }
    this.counters.cancelled += 1;
    controller.abort();
    return { status: 204 };
  }

  /** Most handlers answer at once: then nothing is remembered and no promise is made. */
  private request(session: Session, sent: SentRequest, reply: Reply | undefined): Outcome {
    if (this.open.size > 0 && this.open.get(session)?.get(sent.id)?.signal.aborted === false) {
      // Two answers of one id could not be told apart, nor could one of them be given up.
      return { status: 409, says: `request '${sent.id}' is under way already` };
    }
    this.counters.requests += 1;
    const request = new LazyRequest(session, sent);
    try {
      const result = this.breaker.run(() => {
        const made = this.handler(request);
        if (isGenerator(made)) return sparing(request, this.parts(session, request, made));
        return made instanceof Promise ? sparing(request, made) : made;
      });
      if (result instanceof Promise) this.follow(session, request, result, reply);
      else this.answer(session, request, result, reply);
    } catch (error) {
      this.fail(session, sent.id, error, reply);
    }
    // The handler may look at it later, when the message is not what it was.
    sent.keep();
    return reply === undefined ? FOLLOWS : REPLIED;
  }

  /** Keeps a request in mind until it is answered, so that it can be given up. */
  private follow(
    session: Session,
    request: LazyRequest,
    result: Promise<unknown>,
    reply: Reply | undefined,
  ): void {
    const { controller } = request;
    const { id } = request.sent;
    const requests = this.open.get(session) ?? new Map<string, AbortController>();
    this.open.set(session, requests);
    requests.set(id, controller);
    result
      .then((value) => {
        if (controller.signal.aborted) throw new Error('cancelled');
        this.answer(session, request, value, reply);
      })
      .catch((error: unknown) => this.fail(session, id, error, reply))
      .finally(() => {
        // Unless the client has given the number to another one meanwhile.
        if (requests.get(id) === controller) requests.delete(id);
        if (requests.size === 0 && this.open.get(session) === requests) this.open.delete(session);
      });
  }

  /** Sends the parts of an answer, no faster than the session reads them. */
  private async parts(
    session: Session,
    { sent: { id }, controller: { signal } }: LazyRequest,
    generator: AsyncGenerator<unknown, unknown>,
  ): Promise<unknown> {
    for (let part = 0; ; part += 1) {
      const { done, value } = await generator.next();
      if (done === true) return value;
      if (signal.aborted) return generator.return(undefined);
      this.counters.parts += 1;
      const text = `{"id":${quote(id)},"part":${part},"data":${textOf(value)}}`;
      if (!this.hub.tell(session, 'part', text)) await this.hub.drained(session);
    }
  }

  private answer(
    session: Session,
    request: LazyRequest,
    result: unknown,
    reply: Reply | undefined,
  ): void {
    const { sent } = request;
    const json =
      result instanceof RawJson && result.source === request
        ? sent.echo()
        : `{"id":${quote(sent.id)},"data":${textOf(result)}}`;
    this.counters.answered += 1;
    this.reply(session, json, reply);
  }

  private fail(session: Session, id: string, error: unknown, reply: Reply | undefined): void {
    this.counters.failed += 1;
    this.log?.error(
      { session: session.number, request: id, why: reasonOf(error) },
      'request failed',
    );
    const says =
      error instanceof CircuitOpenError
        ? `not available now; try again in ${Math.ceil(error.retryAfterMs)} ms`
        : reasonOf(error);
    this.reply(session, `{"id":${JSON.stringify(id)},"error":${JSON.stringify(says)}}`, reply);
  }

  private reply(session: Session, json: Buffer | string, reply: Reply | undefined): void {
    if (reply === undefined) this.hub.tell(session, 'answer', json);
    else reply(json.toString());
  }
}

/** What becomes of a request that was given up says nothing about the application, so it is no failure. */
async function sparing({ controller }: LazyRequest, result: Promise<unknown>): Promise<unknown> {
  try {
    return await result;
  } catch (error) {
    if (controller.signal.aborted) return undefined;
    throw error;
  }
}

function textOf(value: unknown): string {
  return value instanceof RawJson ? value.text : JSON.stringify(value ?? null);
}

/** A request that had to be parsed. */
class ParsedRequest implements SentRequest {
  readonly id: string;
  readonly text: string;

  constructor(id: string, data: unknown) {
    this.id = id;
    this.text = JSON.stringify(data);
  }

  keep(): void {
    // It has left its message already.
  }

  echo(): string {
    return `{"id":${quote(this.id)},"data":${this.text}}`;
  }
}

/** Parses its data and makes its signal only when somebody looks at them: an echo never does. */
class LazyRequest implements AppRequest {
  readonly session: AppRequest['session'];
  readonly sent: SentRequest;
  private made: AbortController | undefined;

  constructor(session: AppRequest['session'], sent: SentRequest) {
    this.session = session;
    this.sent = sent;
  }

  get text(): string {
    return this.sent.text;
  }

  get data(): unknown {
    return JSON.parse(this.text);
  }

  get controller(): AbortController {
    this.made ??= new AbortController();
    return this.made;
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }
}

/** Whether an application may publish under this name; undefined when it may. */
export function publicationProblem(
  event: string | null,
  key: string | null,
  kind: PushEvent['kind'],
): string | undefined {
  if (event !== null && kind === 'binary') return 'binary data has no name of its own';
  return (
    (event === null ? undefined : nameProblem('event', event)) ??
    (key === null ? undefined : nameProblem('key', key))
  );
}
