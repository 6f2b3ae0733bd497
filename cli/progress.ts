/** Progress on stderr: one line redrawn on a terminal, one plain line per trial everywhere else. */
import { createLogUpdate } from 'log-update';
import type { SearchRecord } from '../core/records/search.ts';
import type { ControlTrial, Trial, Yardstick } from '../core/result.ts';
import { pointName } from '../core/result.ts';
import { formatBytes, formatMicroseconds, formatNumber } from '../core/units.ts';
import type { Progress } from '../loadgen/one-trial.ts';
import { flowOf, flowWords } from '../reports/flow.ts';
import { searchText } from '../reports/search-text.ts';
import type { Io } from './io.ts';

export interface ProgressView {
  show(progress: Progress): void;
  trial(trial: Trial): void;
  /** All for one reason. */
  excluded(trials: readonly Trial[]): void;
  control(control: ControlTrial): void;
  yardstick(yardstick: Yardstick): void;
  search(search: SearchRecord): void;
  close(): void;
}

/** @param roundsOf rounds of the run, as far as it is known yet */
export function createProgress(io: Io, roundsOf: () => number): ProgressView {
  const redraw =
    io.terminal === undefined ? undefined : createLogUpdate(io.terminal, { showCursor: true });
  const line = (text: string): void => {
    if (redraw === undefined) io.err(`${text}\n`);
    else redraw.persist(text);
  };
  const nameOf = ({ round, point }: Trial, arm: string): string =>
    [`round ${round + 1}/${roundsOf()}`, arm, pointName(point)].filter(Boolean).join(' ');
  let last: { at: number; arm: string; received: number } | undefined;
  return {
    show(progress) {
      if (redraw === undefined) return;
      const { round, arm, point, phase, flow, received, p99, msLeft } = progress;
      const now = performance.now();
      const perS =
        last !== undefined && last.arm === arm && received > last.received
          ? ((received - last.received) * 1_000) / (now - last.at)
          : undefined;
      last = { at: now, arm, received };
      redraw(
        [
          `round ${round + 1}/${roundsOf()}`,
          [arm, pointName(point)].filter(Boolean).join(' '),
          phase,
          perS === undefined ? undefined : `${formatNumber(perS)} ${flowWords[flow].many}/s`,
          p99 === undefined ? undefined : `p99 so far ${formatMicroseconds(p99)}`,
          `${formatTime(msLeft)} left`,
        ]
          .filter((part) => part !== undefined)
          .join(' · '),
      );
    },
    trial(trial) {
      const name = nameOf(trial, trial.arm);
      if (trial.outcome === 'failed') return line(`${name}: FAILED, ${trial.says}`);
      const { metrics, ledger, validity } = trial;
      const notes =
        validity.state === 'valid'
          ? ''
          : ` · ${validity.state.toUpperCase()}: ${firstBroken(trial)}`;
      if (trial.rest !== undefined) {
        const bytes = metrics['server.memory'];
        const most = Math.max(0, ...trial.rest.memory.map(({ connections }) => connections));
        line(
          `${name}: server memory ${bytes === undefined ? '–' : formatBytes(bytes)} per connection, up to ${most.toLocaleString('en-US')} connections${notes}`,
        );
        return;
      }
      if (trial.beat !== undefined) {
        const { planned, server, client } = trial.beat;
        line(
          `${name}: of ${planned.toLocaleString('en-US')} dead peers the server found ${server.found.toLocaleString('en-US')}; ${client.found.toLocaleString('en-US')} clients found that they were cut off${notes}`,
        );
        return;
      }
      const flow = flowOf(trial);
      // What a newer value replaced is not missing.
      const wanted = (ledger?.expected ?? 0) - (ledger?.coalesced ?? 0);
      const family = flow === 'delivery' ? 'latency' : flow;
      const p50 = metrics[`${family}.p50`];
      const p99 = metrics[`${family}.p99`];
      line(
        `${name}: p50 ${p50 === undefined ? '–' : formatMicroseconds(p50)}, p99 ${p99 === undefined ? '–' : formatMicroseconds(p99)}, ` +
          `${(ledger?.received ?? 0).toLocaleString('en-US')} of ${wanted.toLocaleString('en-US')} ${flow === 'delivery' ? 'delivered' : 'answered'}${notes}`,
      );
    },
    excluded(trials) {
      const [trial] = trials;
      if (trial === undefined) return;
      // More than one are a whole round.
      const arm = trials.length === 1 ? trial.arm : '';
      line(`${nameOf(trial, arm)}: left out; ${trial.excluded}`);
    },
    control({ round, p50, p99 }) {
      line(
        `round ${round + 1}/${roundsOf()} control: p50 ${formatMicroseconds(p50)}, p99 ${formatMicroseconds(p99)}`,
      );
    },
    yardstick({ round, p50, p99, answered }) {
      line(
        `round ${round + 1}/${roundsOf()} plain HTTP: p50 ${formatMicroseconds(p50)}, p99 ${formatMicroseconds(p99)}, ${answered.toLocaleString('en-US')} POSTs answered`,
      );
    },
    search(found) {
      line(`round ${found.round + 1}/${roundsOf()} ${found.arm}: ${searchText(found)}`);
    },
    close() {
      redraw?.clear();
    },
  };
}

function firstBroken({ validity }: Trial): string {
  const broken =
    validity.checks.find(({ ok }) => ok === 'invalid') ??
    validity.checks.find(({ ok }) => ok === 'suspect');
  return broken === undefined ? '' : `${broken.title}; ${broken.says}`;
}

function formatTime(ms: number): string {
  const seconds = Math.ceil(ms / 1_000);
  return seconds < 90 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}
