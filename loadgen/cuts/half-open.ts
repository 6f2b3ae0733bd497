/** A relay keeps connections and forwards nothing more: nobody is told, and only silence gives it away. */
import type { Injector } from './injector.ts';
import { relayed } from './relayed.ts';

export const halfOpen = (): Injector => relayed('half-open');
