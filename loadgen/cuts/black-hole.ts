/**
 * A path that swallows everything: the bridge in the middle of it is taken down, and neither end is told,
 * by a reset, by an end, or by an answer of the network. What is said of it is what the kernel says: the
 * bridge is down, the server's end still lists its connections, and no packet has come out at either end.
 */
import type { FaultPlan } from '../../core/scenario.ts';
import { TrialFailure } from '../child-process.ts';
import type { Network, Traffic } from '../namespaces.ts';
import { serverAddress } from '../namespaces.ts';
import type { TrialContext } from '../trial-context.ts';
import type { Injector } from './injector.ts';
import { shareOfClients } from './injector.ts';

export function blackHole(): Injector {
  let before: readonly Traffic[] = [];
  return {
    prepare: async (plan, context, clients) => {
      const { endpoint } = context;
      const kept = { ...endpoint, host: serverAddress.kept };
      const doomed = { ...endpoint, host: serverAddress.doomed };
      const hit = shareOfClients(plan, { ...context, clients });
      context.endpoint = kept;
      // One for each client: the last ones are hit.
      context.detours = Array.from({ length: clients }, (_, client) =>
        client < clients - hit ? kept : doomed,
      );
    },
    async strike(_plan: FaultPlan, context) {
      const network = networkOf(context);
      const atNs = context.clock();
      await network.setDoomed('down');
      before = await bothEnds(network);
      const state = await network.doomedState();
      if (state !== 'DOWN') throw new TrialFailure(`the bridge that was taken down is ${state}`);
      return {
        by: 'the kernel: the bridge is down, and ss lists the connections at the server’s end',
        count: await network.established('doomed'),
        atNs,
      };
    },
    async mend(_plan, context) {
      const network = networkOf(context);
      const after = await bothEnds(network);
      const passed = after.reduce(
        (sum, { packetsIn }, end) => sum + packetsIn - (before[end]?.packetsIn ?? 0),
        0,
      );
      if (passed > 0) throw new TrialFailure(`${passed} packets came through the black hole`);
      await network.setDoomed('up');
      return undefined;
    },
  };
}

const bothEnds = (network: Network): Promise<Traffic[]> =>
  Promise.all([network.traffic('server', 'doomed'), network.traffic('clients', 'doomed')]);

function networkOf({ network }: TrialContext): Network {
  if (network === undefined) throw new Error('a black hole without a network of its own');
  return network;
}
