/**
 * The process beside somebody else's server, for one trial. Started by the controller in place of a server of
 * ours, it starts that one, publishes through it on schedule, says what can be known of it, and ends it.
 */
import { configOf, connectToParent } from '../core/child.ts';
import { createClock } from '../core/clock.ts';
import type { FromServer, PublishOrder, ServerConfig, ToServer } from '../core/control.ts';
import { CONTROL_VERSION } from '../core/control.ts';
import { createMarkerWriter } from '../core/marker.ts';
import { residentBytes, sumOver } from '../core/process-stat.ts';
import { publishOnSchedule } from '../core/publisher.ts';
import type { LoadedTarget } from '../core/target.ts';
import { createTicker } from '../core/ticker.ts';
import { TargetFailure } from './target/target-failure.ts';
import type { TargetServer } from './target/target-server.ts';
import { startTarget } from './target/target-server.ts';

/** How long the answers to what was published may take, where nobody says. */
const SETTLE_MS = 15_000;

const config = configOf<ServerConfig>(process.argv);
const channel = connectToParent<ToServer, FromServer>(process);
const clock = createClock(config.epoch);

try {
  const { tag } = config;
  if (tag === undefined) throw new Error('there is no tag for the messages');
  const target = await new Promise<LoadedTarget>((resolve) => {
    channel.onMessage((message) => {
      if (message.kind === 'target') resolve(message.target);
    });
  });
  // In the first moments already: the controller may ask it to end before it is ready.
  const starting = startTarget({ ...config, target, tag });
  let isOver = false;
  channel.onMessage((message) => {
    if (message.kind !== 'stop') return;
    isOver = true;
    starting.then(end, () => undefined).catch(crash);
  });
  const server = await starting;
  if (!isOver) await serve(server, target.name, tag);
} catch (error) {
  crash(error);
}

async function serve(server: TargetServer, name: string, tag: string): Promise<void> {
  const { cost, endpoint, publisher, port } = server;
  const ticker = await createTicker(clock, config.epoch);

  const publish = async (order: PublishOrder): Promise<void> => {
    const { firstIndex = 0, deadlineMs = SETTLE_MS } = order;
    const publication = await publishOnSchedule(
      order,
      clock,
      ticker,
      (message) => publisher.send(message),
      (index) => index >= firstIndex,
      createMarkerWriter(tag, order.payloadBytes),
    );
    const failures = await publisher.settle(deadlineMs);
    channel.send({
      kind: 'published',
      ...publication,
      injected: { dropped: 0, duplicated: 0, swapped: 0 },
      failed: failures.reduce((sum, { count }) => sum + count, 0),
      failures,
    });
  };

  const count = async (): Promise<void> => {
    // It may have other processes by now; asked for before every load.
    channel.send({ kind: 'members', pids: cost.pids() });
    const reported = await cost.reported();
    channel.send({ kind: 'counted', counts: reported === undefined ? {} : { reported } });
  };

  /** From outside: nobody can ask it to collect its garbage. */
  const inspect = (): void => {
    const pids = cost.pids();
    channel.send({ kind: 'members', pids });
    channel.send({ kind: 'inspected', memory: { rssBytes: sumOver(pids, residentBytes) } });
  };

  const handle = async (message: ToServer): Promise<void> => {
    switch (message.kind) {
      case 'publish':
        return publish(message.order);
      case 'count':
        return count();
      case 'inspect':
        return inspect();
      case 'stop':
        // Listened for since the start.
        return;
      default:
        throw new TargetFailure(
          `${name} was asked to '${message.kind}', which only a server of ours can do: the scenario cannot be measured on a target`,
        );
    }
  };
  channel.onMessage((message) => {
    handle(message).catch(crash);
  });
  server.failure.catch((error: unknown) => {
    server.stop().then(() => crash(error), crash);
  });
  channel.send({
    kind: 'listening',
    version: CONTROL_VERSION,
    endpoint,
    httpPort: port,
    pids: cost.pids(),
  });
}

async function end(server: TargetServer): Promise<void> {
  await server.stop();
  process.disconnect();
  // The helper thread of the ticker sleeps on, and an answer may still be waited for.
  process.exit(0);
}

/** The controller records the last words: what the target said, then what became of it. */
function crash(error: unknown): void {
  if (error instanceof TargetFailure) {
    if (error.lastWords.trim() !== '') console.error(error.lastWords.trimEnd());
    console.error(`TargetFailure: ${error.message}`);
  } else console.error(error);
  process.exit(1);
}
