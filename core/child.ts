/** The child's end of the control channel: typed messages over Node's IPC, and no life without a parent. */

export interface Channel<In, Out> {
  send(message: Out): void;
  onMessage(handler: (message: In) => void): void;
}

/**
 * A child whose controller is gone, for whatever reason, must not stay behind: a lost channel ends it.
 */
export function connectToParent<In, Out>(process: NodeJS.Process): Channel<In, Out> {
  process.on('disconnect', () => process.exit(0));
  // It may have gone while this process was still being loaded, with nobody to hear of it.
  if (process.connected === false) process.exit(0);
  // The controller decides when its children end: Ctrl-C reaches the whole process group.
  process.on('SIGINT', () => undefined);
  return {
    send: (message) => {
      process.send?.(message);
    },
    onMessage: (handler) => {
      process.on('message', (message) => handler(message as In));
    },
  };
}

/** The configuration a child was started with: one JSON argument. */
export function configOf<Config>(argv: readonly string[]): Config {
  return JSON.parse(argv[2] ?? '{}') as Config;
}
