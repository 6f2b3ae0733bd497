/** A full garbage collection, now; not reachable from JavaScript unless asked for like this. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

export function forcedCollection(): () => void {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
}
