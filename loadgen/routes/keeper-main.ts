/**
 * Keeps one proxy for the controller. The proxy knows nothing of a control channel; this process ends it
 * when the controller is gone, and says so when it ends by itself.
 */
import { rmSync } from 'node:fs';
import { configOf, connectToParent } from '../../core/child.ts';
import { reasonOf } from '../../core/errors.ts';
import type { Instance } from '../../proxies/instance.ts';
import { startInstance } from '../../proxies/instance.ts';
import { proxies } from '../../proxies/registry.ts';
import { ProxyTrouble } from '../../proxies/trouble.ts';
import type { FromKeeper, KeeperConfig, ToKeeper } from './keeper-control.ts';

const config = configOf<KeeperConfig>(process.argv);
const proxy = proxies[config.proxy];
let instance: Instance | undefined;
let isAbandoned = false;

/** Before the channel ends this process, which it does at once. */
process.on('disconnect', () => {
  isAbandoned = true;
  // The guard of its group ends the proxy with this process; the folder is nobody's then.
  rmSync(config.folder, { recursive: true, force: true });
});
const channel = connectToParent<ToKeeper, FromKeeper>(process);

async function renew(how: 'reload' | 'restart', running: Instance): Promise<void> {
  let problem: string | undefined;
  try {
    await running[how]();
  } catch (error) {
    if (!(error instanceof ProxyTrouble)) throw error;
    problem = error.message;
  }
  channel.send({ kind: 'renewed', pid: running.pid, problem });
}

async function handle(message: ToKeeper): Promise<void> {
  if (message.kind === 'stop') {
    await instance?.stop();
    process.disconnect();
    return;
  }
  if (instance !== undefined) await renew(message.kind, instance);
}

/** A fault here ends the keeper, and with it the proxy; the controller records its last words. */
function crash(error: unknown): void {
  if (isAbandoned) return;
  // The form in which the controller looks for a reason.
  console.error(`Error: ${reasonOf(error)}`);
  process.exit(1);
}

async function start(): Promise<void> {
  try {
    instance = await startInstance({ ...config, proxy });
  } catch (error) {
    if (!(error instanceof ProxyTrouble)) throw error;
    channel.send({ kind: 'refused', trouble: error.kind, says: error.message });
    return;
  }
  channel.send({ kind: 'routed', port: instance.port, pid: instance.pid });
  const how = await instance.ended;
  await instance.stop();
  crash(new Error(`${proxy.title} ${how}`));
}

channel.onMessage((message) => {
  handle(message).catch(crash);
});
start().catch(crash);
