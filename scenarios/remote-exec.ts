/**
 * A remote shell: a line goes up, and its output comes down in a burst. What only this load has: answers of
 * many parts without a gap, so the time to the last line is that of many small writes in a row.
 */
import { defineScenario } from '../core/scenario.ts';
import { clients, payload, rate } from './params/load.ts';
import { quickTiming, timeout, timing, warmUpAndMeasure } from './params/timing.ts';

export const remoteExec = defineScenario({
  name: 'remote-exec',
  question: 'How long does it take until the last line of a burst of output is there?',
  params: {
    clients: clients(50, 'open shells'),
    rate: rate(50, 'inputs per second of all shells together'),
    lines: {
      type: 'count',
      default: 50,
      min: 1,
      max: 100_000,
      help: 'lines of output that follow each input',
    },
    line: { type: 'sizeBytes', default: 80, min: 1, max: 65_536, help: 'text of one line' },
    payload: payload(128, 'bytes of one input'),
    ...timing,
    timeout,
  },
  quick: quickTiming,
  phases: (p) => [
    { kind: 'connect', clients: p.clients, addressable: true },
    ...warmUpAndMeasure(p, {
      deadlineMs: p.timeout,
      request: {
        ratePerS: p.rate,
        payloadBytes: p.payload,
        answer: 'stream',
        work: { kind: 'parts', parts: p.lines, gapMs: 0, bytes: p.line },
        cancelShare: 0,
      },
    }),
  ],
  headline: [
    'request.p50',
    'request.p99',
    'request.first.p50',
    'request.first.p99',
    'trip.server.cpu',
  ],
  explore: '--vary lines=1,10,50,200',
});
