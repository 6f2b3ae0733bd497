/**
 * The processes of a server behind one port: started, asked, watched, and replaced. Connections are given
 * to them in turn by `node:cluster`; what they publish goes through the exchange. One that ends by itself
 * is told of and replaced, and nobody waits for an answer of it.
 */
import type { Worker } from 'node:cluster';
import cluster from 'node:cluster';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Clock } from '../core/clock.ts';
import type { FromServer, RollOrder, ServerConfig } from '../core/control.ts';
import { howItEnded } from '../core/process-end.ts';
import type { Roll, ServerCounts } from '../core/process-reports.ts';
import { addCounts } from './answers.ts';
import type { Exchange, Member } from './exchange.ts';
import type { MemberConfig } from './member.ts';
import type { FromMember, ToMember } from './member-link.ts';

type Said<K extends FromMember['kind']> = Extract<FromMember, { kind: K }>;
type Started = Extract<FromServer, { kind: 'listening' | 'cannot-listen' }>;

export interface ClusterOptions {
  readonly script: string;
  readonly member: Omit<MemberConfig, 'rank'>;
  readonly exchange: Exchange;
  readonly clock: Clock;
  /** Other processes serve from now on. */
  onMembers(pids: readonly number[]): void;
  onSample(sample: Said<'server-sample'>, pid: number): void;
  /** One has ended that nobody had told to. @param how as a part of a sentence */
  onDeath(pid: number, how: string): void;
  /** There is no going on. */
  onFailure(error: Error): void;
}

interface Process {
  readonly worker: Worker;
  readonly rank: number;
  readonly pid: number;
  readonly member: Member;
  readonly gone: Promise<void>;
  readonly waiting: Set<(message: FromMember) => void>;
  state: 'starting' | 'serving' | 'leaving';
  /** What it had counted when it was asked last: the best that is known of one that is killed. */
  counts: ServerCounts | undefined;
}

const SETTLE_POLL_MS = 50;
/** What a drain may take beyond its deadline. */
const DRAIN_GRACE_MS = 5_000;
/** A successor that ends before it serves is tried again this often. */
const MOST_STARTS = 3;

export class Cluster {
  private readonly options: ClusterOptions;
  private config: ServerConfig | undefined;
  private readonly processes = new Set<Process>();
  private readonly retired: ServerCounts[] = [];
  private lastRank = 0;
  private stopping = false;

  constructor(options: ClusterOptions) {
    this.options = options;
  }

  get pids(): number[] {
    return this.serving.map(({ pid }) => pid);
  }

  /** @returns what the first of them says: they listen at the same place, or none does */
  async start(config: ServerConfig): Promise<Started> {
    const count = config.processes;
    this.config = config;
    const all = await Promise.all(Array.from({ length: count }, () => this.launch()));
    const started = all.flatMap((one) => one ?? []);
    const [first] = started;
    if (first === undefined || started.length < count) {
      throw new Error('a server process ended before it served anybody');
    }
    return started.find(({ kind }) => kind === 'cannot-listen') ?? first;
  }

  tell(message: ToMember): void {
    for (const { worker } of this.serving) worker.send(message);
  }

  /** @returns an answer of each that serves now, and lives until it has answered */
  async ask<K extends FromMember['kind']>(
    kind: K,
    message: (index: number, of: number) => ToMember,
  ): Promise<Said<K>[]> {
    const { serving } = this;
    const answers = serving.map((process, index) => {
      const answer = this.next(process, kind);
      process.worker.send(message(index, serving.length));
      return answer;
    });
    return (await Promise.all(answers)).flatMap((answer) => answer ?? []);
  }

  /** Of all that there were since the start. */
  async counts(): Promise<ServerCounts> {
    await Promise.all(
      this.serving.map(async (process) => {
        const answer = this.next(process, 'counted');
        process.worker.send({ kind: 'count' } satisfies ToMember);
        process.counts = (await answer)?.counts ?? process.counts;
      }),
    );
    const living = this.serving.flatMap(({ counts }) => counts ?? []);
    return {
      ...addCounts([...this.retired, ...living]),
      published: this.options.exchange.published,
    };
  }

  async roll(order: RollOrder): Promise<Roll> {
    const members: Roll['members'][number][] = [];
    for (const process of this.serving) members.push(await this.replace(process, order));
    return { members };
  }

  /** Of a start that failed: resolves when there is no process left. */
  async allGone(): Promise<void> {
    for (const process of this.processes) {
      process.state = 'leaving';
      process.worker.process.kill('SIGKILL');
    }
    await Promise.all([...this.processes].map(({ gone }) => gone));
  }

  async stop(): Promise<void> {
    this.stopping = true;
    await Promise.all(
      [...this.processes].map(({ worker, gone }) => {
        if (worker.isConnected()) worker.send({ kind: 'stop' } satisfies ToMember);
        return gone;
      }),
    );
  }

  private get serving(): Process[] {
    return [...this.processes].filter(({ state }) => state === 'serving');
  }

  private async replace(
    process: Process,
    { how, deadlineMs, settleMs }: RollOrder,
  ): Promise<Roll['members'][number]> {
    const { clock } = this.options;
    const before = await this.sessions();
    if (how === 'drain') await this.launchSuccessor();
    const sessions = await this.sessionsOf(process);
    const endedAt = clock();
    process.state = 'leaving';
    if (how === 'kill') process.worker.process.kill('SIGKILL');
    else process.worker.send({ kind: 'drain', deadlineMs } satisfies ToMember);
    const insist = setTimeout(
      () => process.worker.process.kill('SIGKILL'),
      deadlineMs + DRAIN_GRACE_MS,
    );
    await process.gone;
    clearTimeout(insist);
    const goneAt = clock();
    if (how === 'kill') await this.launchSuccessor();
    const replacedAt = clock();
    for (
      let left = settleMs;
      left > 0 && (await this.sessions()) < before;
      left -= SETTLE_POLL_MS
    ) {
      await pause(SETTLE_POLL_MS);
    }
    return { pid: process.pid, sessions, endedAt, goneAt, replacedAt };
  }

  private async sessions(): Promise<number> {
    const all = await Promise.all(this.serving.map((process) => this.sessionsOf(process)));
    return all.reduce((sum, one) => sum + one, 0);
  }

  private async sessionsOf(process: Process): Promise<number> {
    const answer = this.next(process, 'sessions');
    process.worker.send({ kind: 'sessions' } satisfies ToMember);
    const said = await answer;
    if (said !== undefined) process.counts = said.counts;
    return said?.sessions ?? 0;
  }

  private async launchSuccessor(): Promise<void> {
    for (let start = 0; start < MOST_STARTS; start += 1) {
      if (this.stopping) return;
      if ((await this.launch())?.kind === 'listening') return;
    }
    throw new Error(`a server process ended ${MOST_STARTS} times before it served anybody`);
  }

  /** @returns undefined for one that ended before it said anything */
  private async launch(): Promise<Started | undefined> {
    const process = this.fork();
    const started = await Promise.race([
      this.next(process, 'listening'),
      this.next(process, 'cannot-listen'),
    ]);
    if (started?.kind === 'listening') {
      process.state = 'serving';
      this.options.onMembers(this.pids);
    }
    return started;
  }

  private fork(): Process {
    const { config } = this;
    const { script, member, exchange } = this.options;
    // Gone, if all processes were gone for a moment.
    mkdirSync(member.folder, { recursive: true });
    this.lastRank += 1;
    const rank = this.lastRank;
    cluster.setupPrimary({
      exec: script,
      args: [JSON.stringify({ ...config, member: { ...member, rank } })],
      serialization: 'advanced',
    });
    const worker = cluster.fork();
    const process: Process = {
      worker,
      rank,
      pid: worker.process.pid ?? 0,
      member: exchange.join((items) => {
        if (worker.isConnected()) worker.send({ kind: 'downward', items } satisfies ToMember);
      }),
      gone: new Promise((resolve) => {
        worker.once('exit', (code, signal) => {
          this.ended(process, howItEnded(code, signal));
          resolve();
        });
      }),
      waiting: new Set(),
      state: 'starting',
      counts: undefined,
    };
    this.processes.add(process);
    worker.on('message', (message: FromMember) => this.take(process, message));
    // What is sent to one that is ending is lost, which its end tells.
    worker.on('error', () => undefined);
    return process;
  }

  private take(process: Process, message: FromMember): void {
    if (message.kind === 'upward') process.member.take(message.items);
    else if (message.kind === 'server-sample') this.options.onSample(message, process.pid);
    else if (message.kind === 'drained') process.counts = message.counts;
    else for (const look of process.waiting) look(message);
  }

  /** The next message of this kind; undefined where the process ends first. */
  private next<K extends FromMember['kind']>(
    process: Process,
    kind: K,
  ): Promise<Said<K> | undefined> {
    let look: (message: FromMember) => void = () => undefined;
    const said = new Promise<Said<K>>((resolve) => {
      look = (message) => {
        if (message.kind === kind) resolve(message as Said<K>);
      };
      process.waiting.add(look);
    });
    const ended = process.gone.then(() => undefined);
    return Promise.race([said, ended]).finally(() => process.waiting.delete(look));
  }

  private ended(process: Process, how: string): void {
    const { state, counts, rank, pid, member } = process;
    this.processes.delete(process);
    member.gone();
    if (counts !== undefined) this.retired.push(counts);
    rmSync(join(this.options.member.folder, `${rank}.sock`), { force: true });
    if (state !== 'serving' || this.stopping) return;
    this.options.onDeath(pid, how);
    this.options.onMembers(this.pids);
    this.launchSuccessor().catch((error: Error) => this.options.onFailure(error));
  }
}
