/**
 * The rule of a gate: whether head is worse than base, decided batch by batch. It is the same code for a
 * real gate and for the simulation of one, so that the error rates that are quoted are those of the rule.
 *
 *   first batch ── nothing unclear ───────────────▶ passed
 *        │ └── something unclear ─▶ one extension ─▶ passed, or unclear
 *        └───── regressed ◀───────────────┘
 *                   └─▶ a confirmation in new processes ─▶ regressed, or not confirmed
 *
 * Both the one extension and the confirmation are laid down before the first trial. A regression needs two
 * batches that agree; all else lets the change pass, in words that say how sure that is.
 */
import { holm, mean, tInterval, tTest, wilcoxonSignedRank } from './stats.ts';
import type { Direction } from './verdict.ts';

/** One metric that the gate was told to look at. */
export interface GateRule {
  readonly metric: string;
  readonly better: Direction;
  /**
   * Smallest relative change that matters, e.g. 0.1. With 0 there is none: what is counted exactly, such
   * as the share of messages that arrived, may not get worse at all.
   */
  readonly margin: number;
}

/** Of head and base in one round; undefined where it was not measured. */
export interface Pair {
  readonly head: number | undefined;
  readonly base: number | undefined;
}

/** The figures of one round by metric. */
export type GateRound = Readonly<Record<string, Pair>>;

export const batchKinds = ['first', 'extension', 'confirmation'] as const;
export type BatchKind = (typeof batchKinds)[number];

export interface GateBatch {
  readonly kind: BatchKind;
  readonly rounds: readonly GateRound[];
}

export const findingStates = [
  'regressed',
  'improved',
  'passed',
  'unclear',
  'not-confirmed',
  'no-data',
  /** Looked at, and never decided by. */
  'information',
] as const;
export type FindingState = (typeof findingStates)[number];

/** What is known of one metric. Ratios are head / base. */
export interface GateFinding {
  readonly metric: string;
  readonly margin: number;
  readonly state: FindingState;
  readonly rounds: number;
  /** Figures of both, as the mean over the rounds; geometric where a ratio is judged. */
  readonly head: number | undefined;
  readonly base: number | undefined;
  /** Left out where no ratio is judged, but a difference. */
  readonly ratio?: number | undefined;
  /** 95 % interval of the ratio. */
  readonly low?: number | undefined;
  readonly high?: number | undefined;
  /** Two-sided, that the change is within the margin; corrected for all metrics of the gate. */
  readonly p: number | undefined;
  /** One clause, without a full stop: what decided. */
  readonly reason: string;
}

export type GateOutcome = 'passed' | 'unclear' | 'regressed' | 'no-data';

export type GateStep =
  /** `suspects` are what a confirmation has to find again. */
  | { readonly kind: 'run'; readonly batch: BatchKind; readonly suspects?: readonly string[] }
  | {
      readonly kind: 'decided';
      readonly outcome: GateOutcome;
      readonly findings: readonly GateFinding[];
    };

const SIGNIFICANCE = 0.05;
/** The exact signed-rank test of five metrics, corrected, needs as many. */
export const FEWEST_GATE_ROUNDS = 8;
/** More would each be looked at less closely: Holm's correction shares out the significance. */
export const MOST_GATE_METRICS = 5;
/** Of a batch, rounds that must have come about. */
export const FEWEST_IN_BATCH = 6;

/** What some rounds come to: a finding for each rule. */
export type Judge = (rounds: readonly GateRound[], rules: readonly GateRule[]) => GateFinding[];

/**
 * What to do next, after these batches in the order in which they were run.
 * @param judge another one, where the base is not in the rounds themselves
 */
export function nextGateStep(
  batches: readonly GateBatch[],
  rules: readonly GateRule[],
  judge: Judge = judgePairs,
): GateStep {
  const looked = batches.filter(({ kind }) => kind !== 'confirmation');
  if (looked.length === 0) return { kind: 'run', batch: 'first' };
  const findings = judge(roundsOf(looked), rules);
  const confirmation = batches.find(({ kind }) => kind === 'confirmation');
  if (confirmation !== undefined) {
    const confirmed = confirm(findings, foundAgain(judge, confirmation.rounds, rules, findings));
    return decided(withCompanions(confirmed, () => judge(roundsOf(batches), rules)));
  }
  if (findings.some(({ state }) => state === 'no-data')) return decided(findings);
  const suspects = findings.filter(({ state }) => state === 'regressed');
  if (suspects.length > 0) {
    return { kind: 'run', batch: 'confirmation', suspects: suspects.map(({ metric }) => metric) };
  }
  const isUnclear = findings.some(({ state }) => state === 'unclear');
  if (isUnclear && !looked.some(({ kind }) => kind === 'extension')) {
    return { kind: 'run', batch: 'extension' };
  }
  return decided(findings);
}

function roundsOf(batches: readonly GateBatch[]): readonly GateRound[] {
  return batches.flatMap(({ rounds }) => rounds);
}

/**
 * Of a gate that fails anyway, what all its rounds together show besides: a cause is often less clear in the
 * first of them than what it brings about.
 */
function withCompanions(
  findings: readonly GateFinding[],
  judgeAll: () => readonly GateFinding[],
): readonly GateFinding[] {
  if (!findings.some(({ state }) => state === 'regressed')) return findings;
  const ofAll = judgeAll();
  return findings.map((finding) => {
    const all = ofAll.find(({ metric }) => metric === finding.metric);
    return finding.state === 'unclear' && all?.state === 'regressed'
      ? { ...all, reason: `${all.reason} in all rounds together` }
      : finding;
  });
}

function decided(findings: readonly GateFinding[]): GateStep {
  const has = (...states: FindingState[]): boolean =>
    findings.some(({ state }) => states.includes(state));
  return {
    kind: 'decided',
    outcome: has('regressed')
      ? 'regressed'
      : has('no-data')
        ? 'no-data'
        : has('unclear', 'not-confirmed')
          ? 'unclear'
          : 'passed',
    findings,
  };
}

/**
 * What a second batch says of what was found in the first. That a change is beyond the margin has been shown; again
 * it has to be for the worse, surely, and beyond the margin in the middle. To ask for all of the proof twice would
 * let pass every second change that is a little beyond. Only what was found is corrected for.
 */
function foundAgain(
  judge: Judge,
  rounds: readonly GateRound[],
  rules: readonly GateRule[],
  findings: readonly GateFinding[],
): GateFinding[] {
  const suspects = rules.filter(({ metric }) =>
    findings.some((one) => one.metric === metric && one.state === 'regressed'),
  );
  const anyChange = judge(
    rounds,
    suspects.map((rule) => ({ ...rule, margin: 0 })),
  );
  return judge(rounds, suspects).map((second, index) => {
    const isWorse = anyChange[index]?.state === 'regressed';
    return isWorse && isBeyond(second, suspects[index])
      ? { ...second, state: 'regressed' as const }
      : second;
  });
}

/** Of the figure in the middle, however sure. */
function isBeyond({ ratio }: GateFinding, rule: GateRule | undefined): boolean {
  if (ratio === undefined || rule === undefined) return true;
  const change = Math.log(ratio);
  return (rule.better === 'lower' ? change : -change) > Math.log1p(rule.margin);
}

function confirm(
  findings: readonly GateFinding[],
  again: readonly GateFinding[],
): readonly GateFinding[] {
  return findings.map((finding) => {
    const second = again.find(({ metric }) => metric === finding.metric);
    if (second === undefined) return finding;
    if (second.state === 'regressed') {
      return { ...finding, reason: `${finding.reason}, and again in a second batch` };
    }
    return {
      ...finding,
      state: 'not-confirmed' as const,
      reason: `${finding.reason}, but not in a second batch, where ${second.reason}`,
    };
  });
}

/** Head against the base of the same round. */
export function judgePairs(
  rounds: readonly GateRound[],
  rules: readonly GateRule[],
): GateFinding[] {
  return settle(rules.map((rule) => lookAt(rounds, rule)));
}

/** What looks come to together: each is corrected for all the others. */
export function settle(looks: readonly Look[]): GateFinding[] {
  const adjusted = holm(looks.map(({ pBeyond }) => pBeyond ?? 1));
  return looks.map(({ pBeyond, isWorse, isClear, missing, figures }, index) => {
    const p = pBeyond === undefined ? undefined : adjusted[index];
    const base = { ...figures, p };
    if (missing !== undefined) return { ...base, state: 'no-data', reason: missing };
    if (p !== undefined && p < SIGNIFICANCE) {
      return isWorse
        ? { ...base, state: 'regressed', reason: reasonOf(figures, 'worse') }
        : { ...base, state: 'improved', reason: reasonOf(figures, 'better') };
    }
    return isClear
      ? { ...base, state: 'passed', reason: reasonOf(figures, 'clear') }
      : { ...base, state: 'unclear', reason: reasonOf(figures, 'unclear') };
  });
}

/** What one metric looks like by itself. */
export interface Look {
  readonly figures: Omit<GateFinding, 'state' | 'reason' | 'p'>;
  /** Why there is nothing to judge. */
  readonly missing?: string;
  /** Two-sided p that the change is within the margin, and on which side it is. */
  readonly pBeyond?: number;
  readonly isWorse: boolean;
  /** Whether a change for the worse beyond the margin is ruled out. */
  readonly isClear: boolean;
}

function lookAt(rounds: readonly GateRound[], rule: GateRule): Look {
  const { metric, margin } = rule;
  const pairs = rounds.flatMap((round) => {
    const { head, base } = round[metric] ?? {};
    return head === undefined || base === undefined ? [] : [{ head, base }];
  });
  const heads = pairs.map(({ head }) => head);
  const bases = pairs.map(({ base }) => base);
  const nothing = {
    figures: { metric, margin, rounds: pairs.length, head: mean(heads), base: mean(bases) },
    isWorse: false,
    isClear: false,
  };
  if (pairs.length < FEWEST_IN_BATCH) {
    const missing =
      pairs.length === 0
        ? 'it was measured in no round'
        : `it was measured in ${pairs.length} rounds, and ${FEWEST_IN_BATCH} are needed`;
    return { ...nothing, missing };
  }
  // A ratio with nothing has no meaning; then the difference is looked at, without a margin.
  if (margin === 0 || [...heads, ...bases].some((value) => value <= 0)) {
    return { ...nothing, ...lookAtDifferences(pairs, rule) };
  }
  return { ...nothing, ...lookAtRatios(pairs, rule) };
}

/** Differences of counts: any that always points the same way is real, however small. */
function lookAtDifferences(
  pairs: readonly { readonly head: number; readonly base: number }[],
  { better }: GateRule,
): Omit<Look, 'figures'> {
  const sign = better === 'lower' ? 1 : -1;
  const worsening = pairs.map(({ head, base }) => sign * (head - base));
  const sum = worsening.reduce((total, one) => total + one, 0);
  return {
    pBeyond: Math.min(
      1,
      2 * wilcoxonSignedRank(worsening, { alternative: sum > 0 ? 'greater' : 'less' }),
    ),
    isWorse: sum > 0,
    isClear: sum <= 0,
  };
}

function lookAtRatios(
  pairs: readonly { readonly head: number; readonly base: number }[],
  { metric, margin, better }: GateRule,
): Omit<Look, 'missing'> {
  const logs = pairs.map(({ head, base }) => Math.log(head) - Math.log(base));
  const center = mean(logs) ?? 0;
  const edge = Math.log1p(margin);
  const beyond =
    center > 0
      ? ({ center: edge, alternative: 'greater' } as const)
      : ({ center: -edge, alternative: 'less' } as const);
  const clearOf =
    better === 'lower'
      ? ({ center: edge, alternative: 'less' } as const)
      : ({ center: -edge, alternative: 'greater' } as const);
  const larger = (test: typeof beyond): number =>
    Math.max(tTest(logs, test) ?? 1, wilcoxonSignedRank(logs, test));
  const interval = tInterval(logs, 1 - SIGNIFICANCE);
  const geometric = (values: readonly number[]): number =>
    Math.exp(mean(values.map(Math.log)) ?? 0);
  return {
    figures: {
      metric,
      margin,
      rounds: pairs.length,
      head: geometric(pairs.map(({ head }) => head)),
      base: geometric(pairs.map(({ base }) => base)),
      ratio: Math.exp(center),
      low: interval && Math.exp(interval.low),
      high: interval && Math.exp(interval.high),
    },
    pBeyond: Math.min(1, 2 * larger(beyond)),
    isWorse: center > 0 === (better === 'lower'),
    isClear: larger(clearOf) < SIGNIFICANCE,
  };
}

function reasonOf(
  { margin, ratio }: Omit<GateFinding, 'state' | 'reason' | 'p'>,
  what: 'worse' | 'better' | 'clear' | 'unclear',
): string {
  const percent = `${Number((margin * 100).toPrecision(3))} %`;
  if (ratio === undefined) {
    return {
      worse: 'it is worse in round after round',
      better: 'it is better in round after round',
      clear: 'it is no worse',
      unclear: 'it is worse in some rounds, which may be chance',
    }[what];
  }
  return {
    worse: `it is worse beyond the ${percent} margin`,
    better: `it is better beyond the ${percent} margin`,
    clear: `a change for the worse beyond ${percent} is ruled out`,
    unclear: `a change for the worse beyond ${percent} is neither shown nor ruled out`,
  }[what];
}
