/** Publishes by a command: one for each message, or one that is given a line of input for each. */
import type { LoadedTarget, Target } from '../../core/target.ts';
import { until } from '../../core/until.ts';
import { startGroup } from './command-group.ts';
import type { Guard } from './guard.ts';
import type { Places } from './placeholders.ts';
import {
  fill,
  fillAll,
  fillCommand,
  holdsMessage,
  MESSAGE,
  messageTemplate,
} from './placeholders.ts';
import type { TargetPublisher } from './publisher.ts';
import { Sendings } from './sendings.ts';

type Publish = Extract<Target['publish'], { readonly command: unknown }>;

/** How long it may take to end when asked. */
const STOP_MS = 1_000;

export function commandPublisher(
  target: LoadedTarget,
  publish: Publish,
  places: Places,
  guard: Guard,
): TargetPublisher {
  const options = { cwd: target.cwd, env: fillAll(target.env, places), cores: [], guard };
  return holdsMessage(publish.command)
    ? commandPerMessage(publish, places, options)
    : lineOfInput(publish, places, options);
}

type Options = Omit<Parameters<typeof startGroup>[1], 'hasInput'>;

function commandPerMessage(
  { command }: Publish,
  places: Places,
  options: Options,
): TargetPublisher {
  const filled = fillCommand(command, places);
  const templates = (typeof filled === 'string' ? [filled] : filled).map(messageTemplate);
  const sendings = new Sendings();
  const running = new Set<ReturnType<typeof startGroup>>();
  const run = async (message: string): Promise<void> => {
    const [first = '', ...rest] = templates.map((template) => template(message));
    const group = startGroup(typeof filled === 'string' ? first : [first, ...rest], options);
    running.add(group);
    const { isGood, says } = await group.ended;
    running.delete(group);
    if (!isGood) throw new Error(`the command ${says}`);
  };
  return {
    send: (message) => sendings.add(run(message.toString('latin1'))),
    settle: (timeoutMs) => sendings.settle(timeoutMs),
    async close() {
      await Promise.all([...running].map((group) => group.stop(STOP_MS)));
    },
  };
}

function lineOfInput(
  { command, line = MESSAGE }: Publish,
  places: Places,
  options: Options,
): TargetPublisher {
  const group = startGroup(fillCommand(command, places), { ...options, hasInput: true });
  const lineOf = messageTemplate(`${fill(line, places)}\n`);
  const sendings = new Sendings();
  let ending = 'has ended';
  const noteEnd = group.ended.then(({ says }) => {
    ending = says;
  });
  return {
    send(message) {
      // What becomes of it behind that, nobody says.
      if (group.hasEnded || group.input === null) sendings.fail(`the command ${ending}`);
      else group.input.write(lineOf(message.toString('latin1')));
    },
    async settle(timeoutMs) {
      if (group.hasEnded) await noteEnd;
      return sendings.settle(timeoutMs);
    },
    async close() {
      group.input?.end();
      // What it was given last it is to have read.
      await until(() => group.hasEnded, STOP_MS);
      await group.stop(STOP_MS);
    },
  };
}
