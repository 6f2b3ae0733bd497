/** The measures of `bench proxies`, in the order of its table. To add one: a file in measures/, and its line. */
import type { Measure } from './measure.ts';
import { ceiling } from './measures/ceiling.ts';
import { compression } from './measures/compression.ts';
import { failure } from './measures/failure.ts';
import { head } from './measures/head.ts';
import { idle } from './measures/idle.ts';
import { leave } from './measures/leave.ts';
import { memory } from './measures/memory.ts';
import { fast, slow } from './measures/paced.ts';
import { post } from './measures/post.ts';
import { reload, restart } from './measures/renewal.ts';
import { stalled } from './measures/stalled.ts';
import { throughput } from './measures/throughput.ts';

export const measures: readonly Measure[] = [head, slow, fast, idle, stalled, leave, failure];

/** What takes longer, and is measured with `--full` or by name. */
export const fullMeasures: readonly Measure[] = [
  reload,
  restart,
  throughput,
  memory,
  ceiling,
  compression,
  post,
];
