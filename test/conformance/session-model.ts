/** What sessions do at random, and who should hear of it: knows who is in which room, and nothing else. */
import type { Random } from '../../core/random.ts';
import type { AskOutcome } from '../../servers/asks.ts';
import type { PushServer } from '../../servers/push-server.ts';
import type { MemoryConnection } from './memory-transport.ts';
import { pick } from './mutations.ts';

const ROOMS = ['main', 'a', 'b', 'c'];
const KEYS = ['', '', 'x', 'y'];

export interface Member {
  readonly connection: MemoryConnection;
  readonly id: string;
  readonly rooms: Set<string>;
  readonly keys: ReadonlySet<string>;
  requests: number;
}

export interface Asked {
  readonly of: Member;
  readonly number: number;
  readonly id: string;
  outcome: AskOutcome | undefined;
}

export class SessionModel {
  readonly members: Member[] = [];
  readonly everyone: Member[] = [];
  readonly asks: Asked[] = [];
  /** Keeps a promise of an answer. */
  readonly later: (() => void)[];
  /** Deliveries there should have been, whatever became of them. */
  expected = 0;
  published = 0;
  /** Each with its share of a hundred. */
  private readonly actions: readonly (readonly [number, (member: Member) => void])[] = [
    [6, () => this.join()],
    [34, (member) => this.publish(member, pick(this.random, ROOMS), pick(this.random, KEYS))],
    [8, (member) => this.move(member, 'join', pick(this.random, ROOMS))],
    [5, (member) => this.move(member, 'leave', pick(this.random, ROOMS))],
    [13, (member) => this.request(member)],
    [4, (member) => this.cancel(member)],
    [5, () => this.later.splice(this.random.int(this.later.length + 1), 1)[0]?.()],
    [6, (member) => this.ask(member)],
    [7, (member) => this.answer(member)],
    [3, ({ connection }) => connection.stall()],
    [5, ({ connection }) => connection.goOn()],
    [1, ({ connection }) => connection.say({ op: 'join', room: 'line\nbreak' })],
    [1, ({ connection }) => connection.say('{"op":"nonsense"}')],
    [2, ({ connection }) => connection.end()],
  ];
  private readonly random: Random;
  private readonly server: PushServer;
  private readonly connect: (query: string) => MemoryConnection;

  /** @param later promises of answers that are not kept yet */
  constructor(
    random: Random,
    server: PushServer,
    connect: (query: string) => MemoryConnection,
    later: (() => void)[],
  ) {
    this.later = later;
    this.random = random;
    this.server = server;
    this.connect = connect;
    const tell = server.hub.tell.bind(server.hub);
    Object.assign(server.hub, {
      tell: (...args: Parameters<typeof tell>) => {
        this.expected += 1;
        return tell(...args);
      },
    });
  }

  step(): void {
    const { random } = this;
    if (this.members.length < 2) {
      this.join();
      return;
    }
    let choice = random.int(100);
    const member = pick(random, this.members);
    for (const [weight, act] of this.actions) {
      choice -= weight;
      if (choice >= 0) continue;
      act(member);
      return;
    }
  }

  /** Those whose connection has ended, from whichever side, are members no more. */
  settle(): void {
    for (const member of [...this.members]) {
      if (member.connection.state === 'closing') member.connection.end();
      if (member.connection.state === 'open') continue;
      this.members.splice(this.members.indexOf(member), 1);
    }
  }

  private join(): void {
    const rooms = new Set(this.random.shuffle(ROOMS).slice(0, 1 + this.random.int(3)));
    const keys = new Set(this.random.int(2) === 0 ? [] : ['x']);
    const query = new URLSearchParams({ session: 'new' });
    for (const room of rooms) query.append('room', room);
    for (const key of keys) query.append('key', key);
    const connection = this.connect(query.toString());
    const welcome = JSON.parse(connection.heard[0]?.data ?? '') as { session: string };
    const member = { connection, id: welcome.session, rooms, keys, requests: 0 };
    this.members.push(member);
    this.everyone.push(member);
  }

  private publish(from: Member, room: string, key: string): void {
    this.published += 1;
    const heardBy = this.members.filter(
      ({ rooms, keys }) => rooms.has(room) && (key === '' || keys.size === 0 || keys.has(key)),
    );
    this.expected += heardBy.length;
    if (this.random.int(2) === 0) {
      const data = Buffer.from(String(this.published));
      this.server.hub.publish({ room, key, data, kind: 'json' });
    } else {
      const named = key === '' ? { room } : { room, key };
      from.connection.say({ op: 'publish', ...named, data: this.published });
    }
  }

  private move({ connection, rooms }: Member, op: 'join' | 'leave', room: string): void {
    connection.say({ op, room });
    if (op === 'join') rooms.add(room);
    else rooms.delete(room);
  }

  private request(member: Member): void {
    const kind = pick(this.random, ['now', 'later', 'parts', 'fail'] as const);
    // Now and then one that may be under way already.
    const again = this.random.int(8) === 0 && member.requests > 0;
    const id = again ? this.random.int(member.requests) : member.requests;
    if (!again) member.requests += 1;
    member.connection.say({ op: 'request', id, data: { kind, of: member.id, id } });
  }

  private cancel({ connection, requests }: Member): void {
    connection.say({ op: 'cancel', id: String(this.random.int(requests + 1)) });
  }

  private ask(member: Member): void {
    const number = this.asks.length;
    const session = this.server.hub.book.find(member.id);
    if (session === undefined) return;
    const outcome = this.server.ask(session, { number });
    const asked: Asked = {
      of: member,
      number,
      id: [...this.server.asks['asks'].keys()].at(-1) ?? '',
      outcome: undefined,
    };
    this.asks.push(asked);
    void outcome.then((how) => {
      asked.outcome = how;
    });
  }

  /** By the right one, or by another who claims to be. */
  private answer(member: Member): void {
    const asked = this.asks[this.random.int(this.asks.length + 1)];
    if (asked === undefined) return;
    const by = this.random.int(2) === 0 ? member : asked.of;
    by.connection.say({ op: 'answer', id: asked.id, data: { number: asked.number, by: by.id } });
  }
}
