/** Studies: what samples say together, how it is shown, and what is read back from a file. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LoggerInterface } from 'vega';
import { compile } from 'vega-lite';
import { describe, expect, test } from 'vitest';
import type { Cell, Sample, Study } from '../../core/records/study.ts';
import type { Supervisor } from '../../loadgen/child-process.ts';
import { ProbeFailure } from '../../loadgen/probing/probe-failure.ts';
import { judgeCell } from '../../loadgen/study/agreement.ts';
import type { Look, Measure } from '../../loadgen/study/measure.ts';
import { beatEvery } from '../../loadgen/study/measures/beat.ts';
import { failure } from '../../loadgen/study/measures/failure.ts';
import { idle } from '../../loadgen/study/measures/idle.ts';
import { leave } from '../../loadgen/study/measures/leave.ts';
import { slow } from '../../loadgen/study/measures/paced.ts';
import { stalled } from '../../loadgen/study/measures/stalled.ts';
import type { Place } from '../../loadgen/study/run-study.ts';
import { runStudy } from '../../loadgen/study/run-study.ts';
import { adviceOfProxies } from '../../reports/study/advice.ts';
import { heatMap } from '../../reports/study/heat-map.ts';
import { adviceOfBeats } from '../../reports/study/keepalive-advice.ts';
import { findStudy, readStudyFile, writeStudyFile } from '../../reports/study/study-file.ts';
import { renderStudyPage } from '../../reports/study/study-page.ts';
import { renderStudyText } from '../../reports/study/study-text.ts';
import { temporaryFolder } from '../program.ts';

const sample = (repeat: number, figures: Record<string, number>, facts = {}): Sample => ({
  repeat,
  figures,
  facts,
});
const broken = (repeat: number): Sample => ({ ...sample(repeat, {}), problem: 'no stream' });
const about = { route: 'nginx', transport: 'sse', maxMs: 6_000 } as const;
const judged = (measure: Measure, ...samples: Sample[]) => judgeCell(measure, { samples }, about);
const paced = (p50Ms: number, more = {}) => ({
  p50Ms,
  maxMs: p50Ms,
  addedMs: p50Ms,
  sent: 12,
  missing: 0,
  clumpedShare: 0,
  ...more,
});

function studyOf(cells: readonly Cell[], more: Partial<Study> = {}): Study {
  return {
    schema: 1,
    study: 'proxies',
    id: '20261121T100000-proxies',
    command: 'npm run bench proxies',
    given: {},
    startedAt: '2026-11-21T10:00:00.000Z',
    state: 'finished',
    tool: { version: '1.0.0' },
    environment: {
      fingerprint: 'f',
      cpu: 'a <fast> one',
      cores: 2,
      memoryBytes: 1,
      os: 'os',
      kernel: 'k',
      node: 'v20',
      serverCores: [0],
      generatorCores: [1],
      pinning: 'none',
      packages: {},
    },
    repeats: 3,
    measures: [{ name: 'idle', title: 'idle cut', question: 'After how long?' }],
    routes: ['direct', 'nginx'],
    transports: ['sse'],
    records: [],
    skipped: [],
    cells: [...cells],
    advice: [],
    ...more,
  };
}

const cutCell: Cell = {
  measure: 'idle',
  route: 'nginx',
  transport: 'sse',
  samples: [sample(0, { 'both.cutMs': 3_000, 'both.notSurvivedMs': 3_600 })],
  judgement: {
    text: '3.00 s',
    grade: 'bad',
    says: 'Cut <soon>.',
    disagree: 'Repeats disagree: x.',
  },
};

describe('a cell', () => {
  test.each<[string, Measure, Sample[], object]>([
    ['agrees', slow, [sample(0, paced(0.3)), sample(1, paced(0.5))], { grade: 'good' }],
    [
      'whose repeats are judged differently says so',
      slow,
      [sample(0, paced(0.3)), sample(1, paced(0.3)), sample(2, paced(80))],
      { grade: 'good', disagree: 'Repeats disagree: 300 µs, 300 µs, 80.0 ms.' },
    ],
    [
      'whose figures lie apart says so',
      slow,
      [sample(0, paced(0.3)), sample(1, paced(4.9))],
      { grade: 'good', disagree: 'Repeats disagree: 300 µs, 4.90 ms.' },
    ],
    [
      'of which one repeat failed says so',
      slow,
      [sample(0, paced(0.3)), broken(1)],
      {
        grade: 'good',
        disagree: 'Repeats disagree: 1 of 2 could not be measured (no stream).',
      },
    ],
    ['that failed is bad', slow, [broken(0)], { text: 'fails', grade: 'bad' }],
  ])('%s', (_, measure, samples, expected) => {
    const found = judged(measure, ...samples);
    expect(found).toMatchObject(expected);
    if (!('disagree' in expected)) expect(found?.disagree).toBeUndefined();
  });

  test('without a sample has nothing to say', () => {
    expect(judged(slow)).toBeUndefined();
  });

  test.each<[string, Measure, Sample, object]>([
    [
      'events that are held',
      slow,
      sample(0, paced(0.3, { missing: 12, advisedMissing: 0, advisedClumpedShare: 0 })),
      {
        text: '12 of 12 held',
        grade: 'bad',
        says: expect.stringContaining(
          'With X-Accel-Buffering: no from the server they come at once.',
        ),
      },
    ],
    [
      'events in clumps that nothing helps',
      slow,
      sample(
        0,
        paced(0.3, { clumpedShare: 0.9, heldMs: 200, advisedMissing: 0, advisedClumpedShare: 0.9 }),
      ),
      { text: '90.0 % clumped', grade: 'bad', says: expect.stringContaining('does not help') },
    ],
    [
      'no cut',
      idle,
      sample(0, { 'both.survivedMs': 6_000 }),
      { text: 'none in 6.00 s', grade: 'good' },
    ],
    [
      'a cut with an event lost on the way',
      idle,
      sample(
        0,
        { 'both.cutMs': 3_000, 'both.notSurvivedMs': 3_600, 'both.lost': 1 },
        { 'both.end': 'TCP is reset' },
      ),
      {
        text: '3.00 s',
        grade: 'fair',
        says: 'Cut after 3.00 s in which nobody spoke (TCP is reset); 1 event on the way was lost. Not cut within 6.00 s: where the client was silent, although the server spoke.',
      },
    ],
    [
      'a silent cut',
      idle,
      sample(0, { 'both.notSurvivedMs': 3_600 }),
      { text: 'swallowed', grade: 'bad' },
    ],
    [
      'endless storing',
      stalled,
      sample(0, { takenBytes: 64 * 2 ** 20 }),
      { text: '> 64.0 MiB', grade: 'bad' },
    ],
    [
      'little storing',
      stalled,
      sample(0, { takenBytes: 2 ** 20, gaveUpMs: 3_000 }),
      { text: '1.00 MiB', grade: 'good' },
    ],
    [
      'a client that is never missed',
      leave,
      sample(0, {}),
      { text: 'not in 6.00 s', grade: 'bad' },
    ],
    [
      'one that is missed at the next beat',
      leave,
      sample(0, { beatingMs: 500 }),
      { grade: 'fair' },
    ],
    [
      'a failure that is final for EventSource',
      failure,
      sample(0, { downMs: 1, muteMs: 3_000 }, { down: '502', mute: 'silence' }),
      {
        text: '502 / silence',
        grade: 'fair',
        says: expect.stringContaining('EventSource gives up for good'),
      },
    ],
    [
      'a beat that is too rare',
      beatEvery(2_000),
      sample(0, { survived: 0, cutMs: 1_900 }),
      { text: '4 of 4 cut', grade: 'bad' },
    ],
  ])('judges %s', (_, measure, one, expected) => {
    expect(judged(measure, one)).toMatchObject(expected);
  });
});

describe('a pass', () => {
  const measure = (name: string, waits: boolean, look: () => Promise<Look>): Measure => ({
    ...slow,
    name,
    waits,
    look,
    takesMs: () => ({ alone: 1, waits: 1 }),
  });
  const unused: Supervisor = {
    start: () => {
      throw new Error('nothing is to be started');
    },
    runScript: () => Promise.reject(new Error('nothing is to be run')),
    killAll: () => undefined,
    close: () => undefined,
  };
  const run = async (
    measures: readonly Measure[],
    isDone: (place: Place) => boolean = () => false,
    abort = new AbortController(),
  ) => {
    const took: string[] = [];
    await runStudy({
      supervisor: unused,
      routes: [{ name: 'direct', plan: undefined }],
      transports: ['sse'],
      measures,
      repeats: 2,
      maxMs: 1_000,
      signal: abort.signal,
      isDone,
      took: (place, { problem }) =>
        took.push(
          `${place.measure.name} ${place.repeat}${problem === undefined ? '' : ` ${problem}`}`,
        ),
      progress: () => undefined,
    });
    return took;
  };
  const found = { figures: {}, facts: {} };

  test('takes what works alone first, and what waits beside each other', async () => {
    let waiting = 0;
    let release: () => void = () => undefined;
    const both = new Promise<void>((resolve) => {
      release = resolve;
    });
    const wait = async (): Promise<Look> => {
      waiting += 1;
      if (waiting % 2 === 0) release();
      await both;
      return found;
    };
    const took = await run([
      measure('waits', true, wait),
      measure('too', true, wait),
      measure('works', false, () => Promise.resolve(found)),
    ]);
    expect(took.filter((one) => one.endsWith('0'))[0]).toBe('works 0');
    expect(took.toSorted()).toEqual(['too 0', 'too 1', 'waits 0', 'waits 1', 'works 0', 'works 1']);
  });

  test('what waits after its work does not hold up the others', async () => {
    let release: (found: Look) => void = () => undefined;
    const later = new Promise<typeof found>((resolve) => {
      release = resolve as (found: Look) => void;
    });
    const took = await run([
      measure('first', false, () => Promise.resolve({ later })),
      measure('second', false, () => {
        release(found);
        return Promise.resolve(found);
      }),
    ]);
    expect(took).toContain('first 0');
  });

  test('a stream that does not come about is a problem of its cell, and a fault of ours is not', async () => {
    const fails = measure('fails', false, () =>
      Promise.reject(new ProbeFailure('refused', 'nobody there')),
    );
    expect(await run([fails])).toEqual(['fails 0 nobody there', 'fails 1 nobody there']);
    const faulty = measure('faulty', true, () => Promise.reject(new TypeError('ours')));
    await expect(run([faulty])).rejects.toThrow('ours');
  });

  test('what is done is not measured again', async () => {
    const one = measure('one', false, () => Promise.resolve(found));
    expect(await run([one], ({ repeat }) => repeat === 0)).toEqual(['one 1']);
  });

  test('what is cut short is no sample', async () => {
    const abort = new AbortController();
    const one = measure('one', false, () => {
      abort.abort();
      return Promise.resolve(found);
    });
    expect(await run([one], undefined, abort)).toEqual([]);
  });
});

describe('a study', () => {
  const texts = { file: 'study.json', report: 'report.html' };

  test('is a table and a sentence per cell', () => {
    const text = renderStudyText(studyOf([cutCell]), texts);
    expect(text).toMatch(/nginx {3}sse {8}3\.00 s \? !/);
    expect(text).toMatch(/direct {2}sse {8}–/);
    expect(text).toContain('  idle cut: Cut <soon>. Repeats disagree: x.');
    expect(text).not.toContain('not finished');
  });

  test('that was stopped says how to go on', () => {
    const text = renderStudyText(studyOf([cutCell], { state: 'aborted' }), texts);
    expect(text).toContain(
      'It has 1 of 6 samples; --resume 20261121T100000-proxies takes the others.',
    );
  });

  test('is a heat map with every cell, on a page that escapes what it is given', () => {
    const study = studyOf([cutCell]);
    expect(heatMap(study)).toMatchObject({
      data: {
        values: [{ path: 'nginx sse', measure: 'idle cut', text: '3.00 s ?', grade: 'bad' }],
      },
    });
    const complaints: unknown[] = [];
    const complain = (...args: unknown[]) => {
      complaints.push(args);
      return logger;
    };
    const logger: LoggerInterface = {
      level: () => logger,
      error: complain,
      warn: complain,
      info: () => logger,
      debug: () => logger,
    } as LoggerInterface;
    expect(compile(heatMap(study), { logger }).spec.marks).toBeDefined();
    expect(complaints).toEqual([]);
    const page = renderStudyPage(study);
    expect(page).toContain('Cut &lt;soon&gt;.');
    expect(page).toContain('a &lt;fast&gt; one');
    expect(page).not.toContain('<soon>');
  });

  test('advises half of the shortest cut, and tells what is in the way', () => {
    expect(adviceOfProxies(studyOf([cutCell]))).toEqual([
      'nginx: let the server send a heartbeat every 1.50 s; connections are cut after 3.00 s.',
      'nginx sse, idle cut: Cut <soon>.',
    ]);
  });

  test('is read back as it was written, and found by its id or as the latest', () => {
    const runs = temporaryFolder();
    const study = studyOf([cutCell]);
    const folder = join(runs, study.id);
    mkdirSync(folder);
    const path = writeStudyFile(folder, study);
    expect(readStudyFile(path)).toEqual(study);
    expect(findStudy(runs, study.id)).toBe(path);
    expect(findStudy(runs, '20261121T10')).toBe(path);
    expect(findStudy(runs, 'latest')).toBe(path);
    // A later run is what is meant then.
    mkdirSync(join(runs, '20261122T100000-chat'));
    writeFileSync(join(runs, '20261122T100000-chat', 'run.json'), '{}');
    expect(findStudy(runs, 'latest')).toBeUndefined();
    expect(findStudy(runs, 'latest~1')).toBe(path);
    expect(findStudy(runs, '20261122T100000-chat')).toBeUndefined();
  });

  test.each([
    ['{"schema":1}', /study: /],
    ['{"schema":9}', /a later version of pushbench wrote it/],
    ['{', /JSON/],
  ])('%s is refused', (text, says) => {
    const path = join(temporaryFolder(), 'study.json');
    writeFileSync(path, text);
    expect(() => readStudyFile(path)).toThrow(says);
  });
});

describe('the advice on heartbeats', () => {
  const beats = [
    { name: 'every-500', everyMs: 500 },
    { name: 'every-1000', everyMs: 1_000 },
    { name: 'every-2000', everyMs: 2_000 },
  ];
  const routes = [{ name: 'nginx idle 2s', timeoutMs: 2_000 }];
  const beatStudy = (...cutMs: (number | undefined)[]): Study =>
    studyOf(
      beats.map(({ name }, index): Cell => {
        const cut = cutMs[index];
        const figures: Record<string, number> =
          cut === undefined ? { survived: 4, bytesPerBeat: 8 } : { survived: 0, cutMs: cut };
        return {
          measure: name,
          route: 'nginx idle 2s',
          transport: 'sse',
          samples: [sample(0, figures)],
        };
      }),
    );

  test.each<[string, (number | undefined)[], string]>([
    [
      'half of the time-out where that was survived',
      [undefined, undefined, 1_900],
      'Use 30.0 s here',
    ],
    ['less where only less was survived', [undefined, 900, 1_900], 'Use 15.0 s here'],
    ['shorter ones to be tried where nothing was', [400, 900, 1_900], 'No interval that was tried'],
  ])('is %s', (_, cuts, says) => {
    const [first = ''] = adviceOfBeats(beatStudy(...cuts), routes, beats, 60_000);
    expect(first).toContain(says);
  });

  test('tells what it costs with many clients', () => {
    const advice = adviceOfBeats(beatStudy(undefined, undefined, 1_900), routes, beats, 60_000);
    expect(advice[1]).toBe(
      'sse: with 10,000 clients that is 2.60 KiB/s; a peer that has died without a word is not found.',
    );
  });
});
