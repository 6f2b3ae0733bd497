/** Doubts about a run as a whole, as values that travel with it: each with the flag to try. */
import type { RunResult, Warning } from '../core/result.ts';
import { pointName } from '../core/result.ts';
import { formatCount } from '../core/units.ts';
import { countedTrials } from './derive.ts';
import { hasDeliveries } from './flow.ts';
import { pointText } from './param-text.ts';
import { tripWarnings } from './trip-warnings.ts';

/** A rule per doubt; each may find nothing. */
const rules: readonly ((run: RunResult) => Warning[])[] = [
  tooFewRounds,
  failedTrials,
  skipped,
  incidents,
  refusals,
  strays,
  excludedRounds,
  invalidRemains,
  suspectTrials,
  notPinned,
  injectedFaults,
  losses,
  disorder,
  ...tripWarnings,
];

export function findWarnings(run: RunResult): Warning[] {
  return rules.flatMap((rule) => rule(run));
}

function tooFewRounds(run: RunResult): Warning[] {
  if (run.options.rounds >= 6) return [];
  return [
    {
      code: 'few-rounds',
      says: `${run.options.rounds} ${run.options.rounds === 1 ? 'round shows' : 'rounds show'} figures but no verdict.`,
      hint: 'Ask for at least --rounds 6; without --quick most scenarios run 8.',
    },
  ];
}

function failedTrials(run: RunResult): Warning[] {
  const failed = run.trials.filter(({ outcome }) => outcome === 'failed');
  const causes = new Set(failed.map(({ says }) => says ?? 'unknown'));
  return [...causes].map((cause) => ({
    code: 'trial-failed',
    says: `${formatCount(failed.filter(({ says }) => says === cause).length, 'trial')} failed: ${cause}.`,
    hint: `The last words of the process are in the run file under 'stderrTail'${
      run.routes?.some(({ kind }) => kind === 'proxy') === true
        ? ', and what a proxy logged is beside it, in route-….log'
        : ''
    }.`,
  }));
}

function skipped(run: RunResult): Warning[] {
  return (run.skipped ?? []).map(({ what, says }) => ({
    code: 'skipped',
    says: `Not measured: ${what}: ${says}.`,
    hint: 'Everything else was measured as it was asked for.',
  }));
}

function incidents(run: RunResult): Warning[] {
  const causes = new Map<string, number>();
  for (const { what, says } of run.incidents ?? []) {
    const cause = `${what}: ${says}`;
    causes.set(cause, (causes.get(cause) ?? 0) + 1);
  }
  return [...causes].map(([cause, times]) => ({
    code: 'incident',
    says: `Missing in ${times} of ${formatCount(run.options.rounds, 'round')}: ${cause}.`,
    hint: 'Nothing is compared with it; what it was to show is left out of this report.',
  }));
}

/** What nobody answered, or not as it should be: of every arm the most frequent cause, in its own words. */
function refusals(run: RunResult): Warning[] {
  return mostFrequent(run, /^(connect:|POST) /, {
    code: 'refused',
    hint: "All causes are in the run file under 'closed' of each trial.",
  });
}

/** What came of somebody else's server and was no delivery. */
function strays(run: RunResult): Warning[] {
  return [
    ...mostFrequent(run, /^received something /, {
      code: 'stray',
      hint: "What means nothing can be named in the target file, under 'ignore' or 'events'.",
    }),
    ...mostFrequent(run, /^received a message /, {
      code: 'stray',
      hint: 'It is no delivery: the server, or something on the way, alters or repeats what it is given.',
    }),
  ];
}

/** Of every arm the most frequent of the causes that match. */
function mostFrequent(
  run: RunResult,
  pattern: RegExp,
  { code, hint }: Pick<Warning, 'code' | 'hint'>,
): Warning[] {
  return run.arms.flatMap((arm) => {
    const causes = new Map<string, number>();
    for (const trial of run.trials) {
      if (trial.arm !== arm.name) continue;
      for (const { cause, count } of trial.closed) {
        if (pattern.test(cause)) causes.set(cause, (causes.get(cause) ?? 0) + count);
      }
    }
    const [first] = [...causes].sort(([, a], [, b]) => b - a);
    if (first === undefined) return [];
    const [cause, count] = first;
    const others = causes.size === 1 ? '' : `, and ${formatCount(causes.size - 1, 'other cause')}`;
    const says = `${arm.name}: ${count.toLocaleString('en-US')} × ${cause}${others}.`;
    return [{ code, says, hint }];
  });
}

function excludedRounds(run: RunResult): Warning[] {
  const again = run.trials.filter(({ excluded }) =>
    excluded?.startsWith('its round was run again'),
  );
  const rounds = new Set(
    again.map(({ round, point, attempt }) => `${round} ${attempt} ${pointName(point)}`),
  );
  if (rounds.size === 0) return [];
  const reasons = [
    ...new Set(again.map(({ excluded }) => excluded?.replace('its round was run again: ', ''))),
  ];
  return [
    {
      code: 'rounds-repeated',
      says: `${formatCount(rounds.size, 'round')} left out and run again: ${reasons.join('; ')}.`,
      hint: "Close other programs, or see 'npm run doctor' for what this machine can measure.",
    },
  ];
}

/** Checks that most often fail because something else runs on the machine. */
const BY_OTHERS: ReadonlySet<string> = new Set([
  'generator-queue',
  'server-queue',
  'steal',
  'pressure',
]);

function invalidRemains(run: RunResult): Warning[] {
  return run.points.flatMap((point) =>
    run.arms.flatMap((arm) => {
      const counted = countedTrials(run, arm.name, point).length;
      if (counted >= run.options.rounds || run.state !== 'finished') return [];
      const broken = run.trials
        .filter((trial) => trial.arm === arm.name && pointName(trial.point) === pointName(point))
        .flatMap(({ validity }) => validity.checks.filter(({ ok }) => ok === 'invalid'));
      const [first] = broken;
      if (first === undefined) return [];
      return [
        {
          code: 'invalid-trials',
          says: `${arm.name}${pointName(point) === '' ? '' : ` at ${pointText(run.scenario, point)}`}: only ${counted} of ${run.options.rounds} rounds are valid; ${first.title}: ${first.says}.`,
          hint: BY_OTHERS.has(first.id)
            ? "Close other programs, or see 'npm run doctor' for what this machine can measure; where nothing else runs, try fewer --clients."
            : 'Try fewer --clients, a lower --rate, or a quieter machine.',
        },
      ];
    }),
  );
}

function suspectTrials(run: RunResult): Warning[] {
  const counts = new Map<string, { trials: number; says: string; title: string }>();
  for (const trial of run.trials) {
    if (trial.excluded !== undefined) continue;
    for (const { id, ok, says, title } of trial.validity.checks) {
      if (ok !== 'suspect') continue;
      const known = counts.get(id) ?? { trials: 0, says, title };
      counts.set(id, { ...known, trials: known.trials + 1 });
    }
  }
  const used = run.trials.filter(({ excluded }) => excluded === undefined).length;
  return [...counts].map(([id, { trials, says, title }]) => ({
    code: `suspect-${id}`,
    says: `${trials} of ${used} trials ${trials === 1 ? 'is' : 'are'} suspect (${title}): ${says}.`,
    hint: 'They count; the validity panel of the report shows each value.',
  }));
}

function notPinned(run: RunResult): Warning[] {
  if (!run.environment.pinning.startsWith('none')) return [];
  return [
    {
      code: 'not-pinned',
      says: `Server and generator share cores (pinning ${run.environment.pinning}).`,
      hint: "'npm run doctor' says what pinning needs.",
    },
  ];
}

function injectedFaults(run: RunResult): Warning[] {
  if (run.options.inject === undefined) return [];
  return [
    {
      code: 'injected',
      says: `Faults were injected on purpose: ${run.options.inject}.`,
      hint: 'Leave --inject out to measure for real.',
    },
  ];
}

function losses(run: RunResult): Warning[] {
  return run.arms.flatMap((arm) => {
    const lost = run.points
      .flatMap((point) => countedTrials(run, arm.name, point))
      .filter(hasDeliveries)
      .reduce((sum, { ledger }) => sum + (ledger?.lost ?? 0), 0);
    if (lost === 0) return [];
    return [
      {
        code: 'lost',
        says: `${arm.name} lost ${lost.toLocaleString('en-US')} deliveries; they count as later than the deadline.`,
        hint: 'See the delivery table; try a lower --rate, or a larger --buffer-limit if the server dropped them.',
      },
    ];
  });
}

function disorder(run: RunResult): Warning[] {
  return run.arms.flatMap((arm) => {
    const clients = run.points
      .flatMap((point) => countedTrials(run, arm.name, point))
      .reduce((sum, { probes }) => sum + (probes['orderDisagreements'] ?? 0), 0);
    if (clients === 0) return [];
    const who =
      clients === 1 ? '1 client' : `${clients.toLocaleString('en-US')} clients of all rounds`;
    return [
      {
        code: 'order',
        says: `${arm.name}: ${who} saw the messages of their room in another order than the others.`,
        hint: 'The server has to put messages of a room in one order before it sends them to anybody.',
      },
    ];
  });
}
