/** The thread of an origin that takes POSTs: it says on which port, and ends with whoever started it. */
import { parentPort, workerData } from 'node:worker_threads';
import type { PostOriginOptions } from './post-origin.ts';
import { startPostOrigin } from './post-origin.ts';

const { port } = await startPostOrigin(workerData as PostOriginOptions);
parentPort?.postMessage(port);
