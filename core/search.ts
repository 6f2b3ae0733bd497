/**
 * Finds the highest load that passes, one step at a time: doubling until one fails, halving the distance
 * (in ratio) until it is small, then trying the last pass once more. It decides which load is next and
 * what is known in the end; it runs nothing and knows nothing of what a load is.
 *
 *     load  1   2   4   8   16   11.3  13.5  12.3     12.3
 *           ok  ok  ok  ok  no   ok    no    ok       ok      last pass 12.3, first fail 13.5
 *                           no         no             └ once more
 *                           └ a fail counts when it happens twice
 */

/** `limited`: it could not be found out, because something else than the subject was at its limit. */
export type StepOutcome = 'pass' | 'fail' | 'limited';

export interface SearchOptions {
  /** The first load, and the least one. */
  readonly from: number;
  /** The highest load that is tried. */
  readonly to: number;
  /** Factor between steps until one fails; above 1. */
  readonly factor: number;
  /** It ends when the first fail is at most this much above the last pass, as a share of it. */
  readonly resolution: number;
  /** Whether loads are whole numbers. */
  readonly whole: boolean;
  /** It ends here however little is known. */
  readonly mostSteps: number;
}

/**
 * How a search ended.
 * `bracketed`: between a pass and a fail. `limited`: above the last pass it could not be found out.
 * `highest`: the highest load passed. `below`: the least load did not pass. `steps`: out of steps.
 */
export const searchEnds = ['bracketed', 'limited', 'highest', 'below', 'steps'] as const;
export type SearchEnd = (typeof searchEnds)[number];

export interface SearchState {
  readonly lastPass: number | undefined;
  /** The least load that did not pass, for whatever reason. */
  readonly firstFail: number | undefined;
  /** Whether the last pass passed twice. */
  readonly confirmed: boolean;
}

export interface SearchResult extends SearchState {
  readonly end: SearchEnd;
}

export interface Search {
  /** The load to try next; undefined when it is over. */
  next(): number | undefined;
  /** What became of that load. */
  tell(outcome: StepOutcome): void;
  /** What is known by now. */
  soFar(): SearchState;
  /** Undefined until it is over. */
  result(): SearchResult | undefined;
}

interface Wall {
  readonly load: number;
  readonly kind: 'fail' | 'limited';
}

export function createSearch(options: SearchOptions): Search {
  const { from, to, factor, resolution, whole, mostSteps } = options;
  if (!(factor > 1 && resolution > 0 && from > 0 && to >= from)) {
    throw new RangeError('a search needs from ≤ to, a factor above 1 and a resolution above 0');
  }
  /** Ascending: what has passed, the last of them the highest. */
  const passes: number[] = [];
  /** The least load that did not pass, twice. */
  let wall: Wall | undefined;
  /** What the load under way was found to be before, once, where that has to be seen again. */
  let doubt: 'fail' | 'limited' | undefined;
  /** Whether the load under way is the last pass, tried once more, and how it went so far. */
  let confirming: 'first' | 'again' | undefined;
  let confirmed = false;
  let steps = 0;
  let load = from;
  let end: SearchEnd | undefined;

  // Three digits are finer than any resolution, and can be read.
  const rounded = (value: number): number =>
    whole ? Math.round(value) : Number(value.toPrecision(3));

  /** Where to go from what is known; sets `end` where there is nowhere to go. */
  const choose = (): void => {
    const low = passes.at(-1);
    if (low === undefined) {
      if (wall === undefined) return;
      finish(wall.kind === 'limited' ? 'limited' : 'below');
      return;
    }
    const between = wall === undefined ? undefined : rounded(Math.sqrt(low * wall.load));
    if (wall === undefined && low < to) load = Math.min(to, rounded(low * factor));
    else if (
      wall !== undefined &&
      between !== undefined &&
      wall.load / low > 1 + resolution &&
      between > low &&
      between < wall.load
    )
      load = between;
    else if (!confirmed) {
      confirming = 'first';
      load = low;
    } else finish(wall === undefined ? 'highest' : wall.kind === 'fail' ? 'bracketed' : 'limited');
  };

  const finish = (how: SearchEnd): void => {
    end = how;
  };

  const passed = (): void => {
    if (passes.at(-1) !== load) passes.push(load);
  };

  const failed = (kind: Wall['kind']): void => {
    wall = { load, kind };
    while ((passes.at(-1) ?? 0) >= load) passes.pop();
    confirmed = false;
  };

  const confirm = (outcome: StepOutcome): void => {
    if (outcome === 'pass') {
      confirming = undefined;
      confirmed = true;
    } else if (confirming === 'first') {
      // It passed once and did not once: the third time decides.
      confirming = 'again';
      doubt = outcome;
      return;
    } else {
      confirming = undefined;
      // Where the generator was the limit even once, the subject is not blamed.
      failed(outcome === 'limited' || doubt === 'limited' ? 'limited' : 'fail');
      doubt = undefined;
    }
    choose();
  };

  const soFar = (): SearchState => ({ lastPass: passes.at(-1), firstFail: wall?.load, confirmed });

  return {
    next: () => (end === undefined ? load : undefined),
    tell(outcome) {
      if (end !== undefined) throw new Error('the search is over');
      steps += 1;
      if (confirming !== undefined) confirm(outcome);
      else if (outcome === 'pass') {
        doubt = undefined;
        passed();
        choose();
      } else if (doubt === undefined) doubt = outcome;
      else {
        const kind = outcome === 'limited' || doubt === 'limited' ? 'limited' : 'fail';
        doubt = undefined;
        failed(kind);
        choose();
      }
      if (end === undefined && steps >= mostSteps) finish('steps');
    },
    soFar,
    result: () => (end === undefined ? undefined : { end, ...soFar() }),
  };
}
