/** The injectors, by the cut that they make. To add one: a file beside this one, and a line here. */
import { fault } from '../../core/errors.ts';
import type { Cut } from '../../core/scenario.ts';
import { blackHole } from './black-hole.ts';
import { drain, rollingKill } from './drain.ts';
import { fin } from './fin.ts';
import { halfOpen } from './half-open.ts';
import type { Injector } from './injector.ts';
import { restart } from './restart.ts';
import { rst } from './rst.ts';

const injectors: Partial<Record<Cut, () => Injector>> = {
  fin,
  rst,
  'half-open': halfOpen,
  'black-hole': blackHole,
  restart,
  drain,
  'rolling-kill': rollingKill,
};

/** @throws HarnessError `bad-value` for a cut that nothing here can make */
export function createInjector(cut: Cut): Injector {
  const create = injectors[cut];
  if (create !== undefined) return create();
  const known = Object.keys(injectors).join(', ');
  throw fault('bad-value', {
    flag: '--cut',
    problem: `nothing here makes '${cut}', only ${known}`,
  });
}
