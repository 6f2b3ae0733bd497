/**
 * Finds which directives of a configuration are in the way of streams. Each directive that it knows is tried
 * with a value that does no harm; whichever mends what was wrong is to blame. Where none does so alone, all are changed
 * together, and put back one by one: what must stay changed is to blame together.
 *
 *     as it is             ✗ ✗        a mends the first harm alone
 *     a changed            ✓ ✗        the second needs b and c: with all changed it is gone,
 *     b changed  c changed ✗ ✗        and comes back when b or c is put back
 */
import type { Values } from '../../proxies/directive.ts';
import type { ProxyProgram } from '../../proxies/proxy.ts';
import { valueIn, withDirective } from './edit.ts';
import type { Harm } from './harms.ts';
import { sameHarm } from './harms.ts';

export interface Change {
  readonly directive: string;
  /** What the file says; undefined: nothing, and the proxy's default holds. */
  readonly was: string | undefined;
  /** '' takes it out. */
  readonly harmless: string;
}

export interface Blamed {
  readonly harm: Harm;
  /** Each of them mends it: alone, or all of them together. Empty: nothing that is known does. */
  readonly by: readonly Change[];
  readonly how: 'each' | 'together' | 'unknown';
}

/**
 * @param look what is wrong with a configuration, as far as it is among `of`
 * @param tells before each look
 */
export async function findBlame(
  proxy: ProxyProgram,
  text: string,
  harmless: Values,
  harms: readonly Harm[],
  look: (text: string, of: readonly Harm[]) => Promise<readonly Harm[]>,
  tells: (what: string) => void = () => undefined,
): Promise<Blamed[]> {
  const changes = changesFor(proxy, text, harmless);
  const blamed: Blamed[] = [];
  const open = (): Harm[] => harms.filter((harm) => !blamed.some((one) => one.harm === harm));
  // What is written is more likely to be meant than what is not.
  for (const group of [changes.filter(isWritten), changes.filter((one) => !isWritten(one))]) {
    const left = open();
    const mends = new Map<Harm, Change[]>();
    for (const change of left.length === 0 ? [] : group) {
      tells(describeChange(change));
      const still = await look(apply(proxy, text, [change]), left);
      for (const harm of left) {
        if (still.some((other) => sameHarm(harm, other))) continue;
        mends.set(harm, [...(mends.get(harm) ?? []), change]);
      }
    }
    for (const [harm, by] of mends) blamed.push({ harm, by, how: 'each' });
  }
  for (const harm of open()) blamed.push(await together(harm));
  return harms.flatMap((harm) => blamed.find((one) => one.harm === harm) ?? []);

  async function together(harm: Harm): Promise<Blamed> {
    const isMended = async (some: readonly Change[]): Promise<boolean> => {
      const still = await look(apply(proxy, text, some), [harm]);
      return !still.some((other) => sameHarm(harm, other));
    };
    tells('all of them together');
    if (changes.length < 2 || !(await isMended(changes))) return { harm, by: [], how: 'unknown' };
    let needed: readonly Change[] = changes;
    for (const change of changes) {
      const without = needed.filter((one) => one !== change);
      tells(`all of them but ${change.directive}`);
      if (await isMended(without)) needed = without;
    }
    return { harm, by: needed, how: 'together' };
  }
}

/** Directives that say, or leave, something else than what does no harm, and that can be changed in this text. */
export function changesFor(proxy: ProxyProgram, text: string, harmless: Values): Change[] {
  return Object.entries(harmless).flatMap(([directive, value]): Change[] => {
    const was = valueIn(proxy, text, directive);
    const holds = was ?? proxy.directives[directive]?.default ?? '';
    if (holds === value || (was ?? '') === value) return [];
    const changed = withDirective(proxy, text, directive, value);
    if (changed === undefined || changed === text) return [];
    return [{ directive, was, harmless: value }];
  });
}

export function apply(proxy: ProxyProgram, text: string, changes: readonly Change[]): string {
  return changes.reduce(
    (changed, { directive, harmless }) =>
      withDirective(proxy, changed, directive, harmless) ?? changed,
    text,
  );
}

const isWritten = ({ was }: Change): boolean => was !== undefined;

export const describeChange = ({ directive, harmless }: Change): string =>
  harmless === '' ? `without ${directive}` : `${directive} ${harmless}`;
