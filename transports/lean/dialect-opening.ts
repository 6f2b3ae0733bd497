/**
 * What is said and heard between the handshake and being ready, with servers that want that: the steps of a
 * target file, one after the other. While it lasts it listens in on what comes; messages of the benchmark
 * that are among it are handed on all the same, since whoever comes back may be given what it missed.
 */
import { reasonOf } from '../../core/errors.ts';
import { excerptOf } from '../../core/excerpt.ts';
import { looksMarked } from '../../core/marker.ts';
import type { OpeningStep, TargetPost } from '../../core/target.ts';
import type { ConnectOptions, Endpoint, Sink } from '../../core/transport.ts';
import { HandshakeError } from '../../core/transport.ts';
import { SERVER_ENDED } from '../handshake-trouble.ts';
import type { Speaker } from './dialect.ts';
import { contentTypeOf, fillIn } from './dialect.ts';
import type { LeanConnection } from './socket.ts';

/** What comes while a request is under way is kept for the steps behind it, within reason. */
const MOST_WAITING = 1_000;
const MOST_QUOTES = 3;

/** Says a text over the connection; undefined where the protocol has no way up. */
export type Say<Connection> = ((connection: Connection, text: string) => void) | undefined;

type Options = Pick<ConnectOptions, 'sink' | 'timeoutMs'> & {
  readonly endpoint: Pick<Endpoint, 'tls'>;
};

export class DialectOpening<Connection = LeanConnection> {
  readonly sink: Sink;
  private readonly options: Options;
  private readonly speaker: Speaker;
  private readonly steps: readonly OpeningStep[];
  private readonly patterns: readonly (RegExp | undefined)[];
  private readonly say: Say<Connection>;
  /** Index of the step under way. */
  private at = 0;
  private isPosting = false;
  private isOver = false;
  /** It has failed, or nobody is there any more: what still comes is for nobody. */
  private isOff = false;
  /** What has come and no step has looked at yet. */
  private waiting: string[] = [];
  /** The last that came and was not what was awaited. */
  private quotes: string[] = [];
  private connection: Connection | undefined;
  private done: (error?: HandshakeError) => void = () => undefined;
  private readonly abort = new AbortController();

  constructor(
    options: Options,
    steps: readonly OpeningStep[],
    speaker: Speaker,
    say: Say<Connection>,
  ) {
    this.options = options;
    this.steps = steps;
    this.speaker = speaker;
    this.say = say;
    this.patterns = steps.map((step) => ('await' in step ? new RegExp(step.await) : undefined));
    const { sink } = options;
    this.sink = {
      message: (client, bytes, start, end, receivedAt, event, id) => {
        if (this.isOver) {
          if (!this.isOff) sink.message(client, bytes, start, end, receivedAt, event, id);
          return;
        }
        const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
        if (looksMarked(view, start, end)) {
          sink.message(client, bytes, start, end, receivedAt, event, id);
        }
        this.heard(view.toString('utf8', start, end));
      },
      closed: (client, cause) => sink.closed(client, cause),
    };
  }

  start(connection: Connection, done: (error?: HandshakeError) => void): void {
    this.connection = connection;
    this.done = done;
    this.advance();
  }

  stop(): void {
    this.isOver = true;
    this.isOff = true;
    this.waiting = [];
    this.abort.abort();
  }

  trouble(cause?: string): HandshakeError {
    const within = `within ${this.options.timeoutMs} ms`;
    const ended = cause === SERVER_ENDED ? SERVER_ENDED : `the connection broke off (${cause})`;
    const step = this.steps[this.at];
    const which = `step ${this.at + 1} of ${this.steps.length} of the opening`;
    const came =
      this.quotes.length === 0 ? 'nothing came at all' : `what came: ${this.quotes.join(', ')}`;
    if (step !== undefined && 'await' in step) {
      const awaits = `${which} awaits /${step.await}/`;
      return this.failure(
        cause === undefined
          ? `${awaits} and nothing that matches came ${within}; ${came}`
          : `${ended} while ${which} awaited /${step.await}/; ${came}`,
      );
    }
    const what = step !== undefined && 'post' in step ? `, ${nameOf(step.post)},` : '';
    return this.failure(
      cause === undefined
        ? `${which}${what} was not over ${within}`
        : `${ended} during ${which}${what.replace(/,$/, '')}`,
    );
  }

  private failure(says: string): HandshakeError {
    return new HandshakeError(says, {
      hint: "see 'opening' in the target file; 'npm run doctor -- --target FILE' goes through it",
    });
  }

  private heard(text: string): void {
    if (this.waiting.length === MOST_WAITING) this.waiting.shift();
    this.waiting.push(text);
    this.advance();
  }

  /** Takes as many steps as can be taken with what has come so far. */
  private advance(): void {
    const { connection } = this;
    if (connection === undefined || this.isPosting || this.isOver) return;
    try {
      for (let step = this.steps[this.at]; step !== undefined; step = this.steps[this.at]) {
        if ('await' in step) {
          if (!this.hasCome(this.patterns[this.at])) return;
        } else if ('send' in step) {
          if (this.say === undefined)
            throw this.failure('a text cannot be sent over this protocol');
          this.say(connection, fillIn(step.send, this.speaker));
        } else {
          this.post(step.post);
          return;
        }
        this.at += 1;
      }
    } catch (error) {
      this.end(error instanceof HandshakeError ? error : this.failure(reasonOf(error)));
      return;
    }
    this.end();
  }

  private end(error?: HandshakeError): void {
    this.isOver = true;
    this.isOff = error !== undefined;
    this.waiting = [];
    this.done(error);
  }

  private hasCome(pattern: RegExp | undefined): boolean {
    for (let text = this.waiting.shift(); text !== undefined; text = this.waiting.shift()) {
      const match = pattern?.exec(text);
      if (match !== null && match !== undefined) {
        const id = match.groups?.['id'];
        if (id !== undefined) this.speaker.id = id;
        return true;
      }
      this.quotes.push(excerptOf(text));
      if (this.quotes.length > MOST_QUOTES) this.quotes.shift();
    }
    return false;
  }

  private post(post: TargetPost): void {
    this.isPosting = true;
    this.sendPost(post).then(
      () => {
        this.isPosting = false;
        this.at += 1;
        this.advance();
      },
      (error: unknown) => {
        // Who has been stopped has nobody to tell it to.
        if (this.isOver) return;
        const which = `step ${this.at + 1} of ${this.steps.length} of the opening`;
        const trouble = `${which}, ${nameOf(post)}, ${reasonOf(error)}`;
        this.end(error instanceof HandshakeError ? error : this.failure(trouble));
      },
    );
  }

  private async sendPost({ url, method = 'POST', headers = {}, body }: TargetPost): Promise<void> {
    const fill = (text: string): string => fillIn(text, this.speaker);
    const filled = Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name.toLowerCase(), fill(value)]),
    );
    if (body !== undefined) filled['content-type'] ??= contentTypeOf(body);
    // Loaded by the first opening that posts: most never do.
    const { Agent } = await import('undici');
    const { endpoint, timeoutMs } = this.options;
    const ca = endpoint.tls?.ca;
    const agent = new Agent({
      connect: { timeout: timeoutMs, ...(ca === undefined ? {} : { ca }) },
      headersTimeout: timeoutMs,
      bodyTimeout: timeoutMs,
    });
    try {
      const address = new URL(fill(url));
      const answer = await agent.request({
        origin: address.origin,
        path: `${address.pathname}${address.search}`,
        method,
        headers: filled,
        ...(body === undefined ? {} : { body: fill(body) }),
        signal: this.abort.signal,
      });
      await answer.body.dump();
      if (answer.statusCode < 200 || answer.statusCode > 299) {
        throw new Error(`was answered ${answer.statusCode} instead of 2xx`);
      }
    } finally {
      await agent.destroy();
    }
  }
}

/** As the target file has it: without what differs from client to client, or is nobody's business. */
function nameOf({ url, method = 'POST' }: TargetPost): string {
  return `${method} ${url.replace(/\?.*$/, '')}`;
}
