/**
 * Cuts made by relays between the clients and the server. Client i goes through relay i modulo their
 * number, which is one unless the connections do not fit into one process.
 *
 * Which connections are cut: a relay sees them in the order in which they were accepted, and not the
 * numbers of the clients. Of each relay the last accepted are cut, as many as it has of the last clients;
 * which clients those were, is what the clients notice themselves. Between the strike and its end the
 * relays take no connection, so that the offline window is the same whatever the strategy.
 */
import type { FaultPlan } from '../../core/scenario.ts';
import type { Child } from '../child-process.ts';
import { readLimits } from '../limits.ts';
import type { FromRelay, RelayConfig, RelayCut, ToRelay } from '../relay-control.ts';
import type { TrialContext } from '../trial-context.ts';
import type { Injector } from './injector.ts';
import { shareOfClients } from './injector.ts';

/** A relay has two connections per client; for a moment those of a client that has left and come back. */
const DESCRIPTORS_PER_CLIENT = 3;
/** What a process needs for itself. */
const OWN_DESCRIPTORS = 100;

type RelayChild = Child<ToRelay, FromRelay>;

export function relayed(how: RelayCut): Injector {
  let relays: readonly RelayChild[] = [];
  return {
    async prepare(_plan, context, clients) {
      const perRelay = (readLimits().descriptors - OWN_DESCRIPTORS) / DESCRIPTORS_PER_CLIENT;
      const count = Math.ceil(clients / Math.max(1, perRelay));
      relays = Array.from({ length: count }, (_, index) => startOne(index, context));
      const ready = await Promise.all(
        relays.map((relay) => relay.next('relaying', context.setup.startTimeoutMs)),
      );
      context.detours = ready.map(({ port }) => ({ ...context.endpoint, port }));
    },
    async strike(plan, context) {
      const answers = relays.map((relay) => relay.next('was-cut', context.setup.replyTimeoutMs));
      for (const [index, relay] of relays.entries()) {
        const count = countOf(plan, context, index, relays.length);
        relay.send({ kind: 'cut', how, count, shut: plan.forMs > 0 });
      }
      const cut = await Promise.all(answers);
      return {
        by: relays.length === 1 ? 'the log of the relay' : `the logs of ${relays.length} relays`,
        count: cut.reduce((sum, { log }) => sum + log.length, 0),
        atNs: Math.min(...cut.map(({ at }) => at)),
      };
    },
    async mend(_plan, { setup }) {
      const answers = relays.map((relay) => relay.next('mended', setup.replyTimeoutMs));
      for (const relay of relays) relay.send({ kind: 'mend' });
      await Promise.all(answers);
      return undefined;
    },
  };
}

/** On the generator's cores: what the server is given is not to be shared with what is between. */
function startOne(index: number, context: TrialContext): RelayChild {
  const { setup, supervisor, endpoint } = context;
  const { host, port } = endpoint;
  const config: RelayConfig = { epoch: setup.epoch, host: setup.host, target: { host, port } };
  const relay = supervisor.start<ToRelay, FromRelay>({
    title: `relay ${index + 1}`,
    script: './relay-main',
    config,
    cores: setup.cores.generator,
  });
  context.cleanups.push(() => relay.stop({ kind: 'stop' }));
  return relay;
}

/** How many of the last clients go through relay `index` of `relays`. */
function countOf(plan: FaultPlan, context: TrialContext, index: number, relays: number): number {
  const before = (clients: number): number => Math.ceil(Math.max(0, clients - index) / relays);
  const { clients } = context;
  return before(clients) - before(clients - shareOfClients(plan, context));
}
