/**
 * The end of a membership inside one server process: it hands on what is published here, and tells its
 * host what comes from the primary. Beside that, each process has a door of its own for the others (a
 * socket in a folder they share), since a POST may reach any of them and a session is in one only.
 */

import { readdirSync, rmdirSync, rmSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { reasonOf } from '../core/errors.ts';
import type { Publication } from './hub-options.ts';
import type { Downward, MemberHost, Membership, Upward } from './membership.ts';
import { Batch } from './membership.ts';

/** Which process of the server it is. */
export interface MemberConfig {
  /** 1, 2, 3 …; one that is replaced has a successor with a number of its own. */
  readonly rank: number;
  readonly instance: string;
  /** Where the doors are. */
  readonly folder: string;
}

/** Begins the paths of what processes ask of each other; no client comes this way. */
const BETWEEN = '/between/';
const SUFFIX = '.sock';
/** A process that is being killed must not keep who gathers waiting. */
const GATHER_MS = 2_000;

export class ServerMember implements Membership {
  readonly instance: string;
  readonly prefix: string;
  private readonly config: MemberConfig;
  private readonly batch: Batch<Upward>;
  private readonly offers = new Map<string, () => Promise<string>>();
  private host: MemberHost | undefined;
  private entries = 0;

  /** @param send takes what is for the primary, in this order */
  constructor(config: MemberConfig, send: (items: readonly Upward[]) => void) {
    this.config = config;
    this.instance = config.instance;
    this.prefix = `${config.rank}.`;
    this.batch = new Batch(send);
  }

  /** What came from the primary, in its order. */
  receive(items: readonly Downward[]): void {
    for (const item of items) {
      if (item.kind === 'deliver') this.host?.deliver(item.publication);
      else this.host?.fill(item.state);
    }
  }

  attach(host: MemberHost): void {
    this.host = host;
  }

  publish(publication: Publication): void {
    this.batch.add({ kind: 'publish', publication });
  }

  enter(room: string): number {
    this.entries += 1;
    this.batch.add({ kind: 'enter', room, entry: this.entries });
    return this.entries;
  }

  leave(room: string): void {
    this.batch.add({ kind: 'leave', room });
  }

  /** @param serve what to do with a request that came to another process */
  async openDoor(
    serve: (request: IncomingMessage, response: ServerResponse) => void,
  ): Promise<void> {
    const door = createServer((request, response) => {
      const { url = '' } = request;
      if (url.startsWith(BETWEEN)) this.answer(url.slice(BETWEEN.length), response);
      else serve(request, response);
    });
    await new Promise<void>((resolve, reject) => {
      door.once('error', reject);
      // Not shared: it is the way to this process and to no other.
      door.listen({ path: this.pathOf(this.config.rank), exclusive: true }, resolve);
    });
  }

  /** The last one out takes the folder along. */
  closeDoor(): void {
    rmSync(this.pathOf(this.config.rank), { force: true });
    if (readdirSync(this.config.folder).length === 0) rmdirSync(this.config.folder);
  }

  forward(session: string, request: IncomingMessage, response: ServerResponse): boolean {
    const [, rank] = /^(\d{1,9})\./.exec(session) ?? [];
    if (rank === undefined || Number(rank) === this.config.rank) return false;
    const { method, url: path, headers } = request;
    const onward = httpRequest(
      { socketPath: this.pathOf(Number(rank)), method, path, headers },
      (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      },
    );
    onward.once('error', () => {
      // The process has ended, and its sessions with it.
      request.resume();
      if (response.headersSent) response.destroy();
      else
        response.writeHead(410, { 'Content-Type': 'text/plain' }).end('this session has ended\n');
    });
    response.once('close', () => onward.destroy());
    request.pipe(onward);
    return true;
  }

  offer(what: string, read: () => Promise<string>): void {
    this.offers.set(what, read);
  }

  async gather(what: string): Promise<readonly string[]> {
    const others = readdirSync(this.config.folder).filter(
      (name) => name.endsWith(SUFFIX) && name !== `${this.config.rank}${SUFFIX}`,
    );
    const answers = await Promise.all(
      others.map((name) => ask(join(this.config.folder, name), `${BETWEEN}${what}`)),
    );
    return answers.flatMap((answer) => answer ?? []);
  }

  private answer(what: string, response: ServerResponse): void {
    const read = this.offers.get(what);
    if (read === undefined) {
      response.writeHead(404).end();
      return;
    }
    read()
      .then((text) => response.end(text))
      .catch((error: unknown) => response.writeHead(500).end(reasonOf(error)));
  }

  private pathOf(rank: number): string {
    return join(this.config.folder, `${rank}${SUFFIX}`);
  }
}

/** @returns undefined where nobody answers: a process that is starting, or has ended */
function ask(socketPath: string, path: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const request = httpRequest(
      { socketPath, path, signal: AbortSignal.timeout(GATHER_MS) },
      (response) => {
        text(response).then(
          (body) => resolve(response.statusCode === 200 ? body : undefined),
          () => resolve(undefined),
        );
      },
    );
    request.once('error', () => resolve(undefined));
    request.end();
  });
}
