/** A relay resets connections, as a proxy does that crashes: both sides are told at once, and not nicely. */
import type { Injector } from './injector.ts';
import { relayed } from './relayed.ts';

export const rst = (): Injector => relayed('rst');
