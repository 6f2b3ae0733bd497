/**
 * An origin for POSTs in a thread of its own. In one event loop the end of a connection and a POST would take
 * turns, so that they met never or always, and no race could be run.
 */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { PostOrigin, PostOriginOptions } from './post-origin.ts';

export async function startThreadedOrigin(
  options: PostOriginOptions,
): Promise<Pick<PostOrigin, 'port' | 'close'>> {
  // The compiled script beside compiled code, the source beside sources.
  const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
  const thread = new Worker(new URL(`./origin-thread${extension}`, import.meta.url), {
    workerData: options,
  });
  let broken: { readonly error: unknown } | undefined;
  thread.on('error', (error) => {
    broken = { error };
  });
  const [port] = (await once(thread, 'message')) as [number];
  return {
    port,
    async close() {
      await thread.terminate();
      // Nothing that was found while it was broken means anything.
      if (broken !== undefined) throw broken.error;
    },
  };
}
