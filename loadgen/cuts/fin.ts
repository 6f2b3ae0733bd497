/** A relay ends connections in good order, as a proxy does that reloads: both sides are told at once. */
import type { Injector } from './injector.ts';
import { relayed } from './relayed.ts';

export const fin = (): Injector => relayed('fin');
