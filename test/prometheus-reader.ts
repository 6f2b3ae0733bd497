/**
 * A strict reader of the Prometheus text format, version 0.0.4, written from its description: what a
 * scrape would refuse or warn of throws.
 * https://prometheus.io/docs/instrumenting/exposition_formats/
 */

export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Family {
  readonly type: string;
  readonly help: string;
  readonly samples: readonly Sample[];
}

const TYPES = ['counter', 'gauge', 'histogram', 'summary', 'untyped'];
const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const LINE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/;
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\["\\n])*)"(?:,|$)/y;

interface Draft extends Family {
  readonly samples: Sample[];
}

/** Families by name, in their order. */
export function parsePrometheus(text: string): Map<string, Family> {
  if (!text.endsWith('\n')) throw new Error('the last line does not end');
  const families = new Map<string, Draft>();
  const helps = new Map<string, string>();
  const seen = new Set<string>();
  let current = '';
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const about = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line);
    if (about !== null) {
      const [, keyword, name = '', rest = ''] = about;
      if (!NAME.test(name)) throw new Error(`no name: ${line}`);
      if (keyword === 'HELP') {
        if (helps.has(name)) throw new Error(`a second HELP of ${name}`);
        helps.set(name, rest);
        continue;
      }
      if (!TYPES.includes(rest)) throw new Error(`no type: ${line}`);
      if (families.has(name)) throw new Error(`a second TYPE of ${name}`);
      families.set(name, { type: rest, help: helps.get(name) ?? '', samples: [] });
      current = name;
      continue;
    }
    if (line.startsWith('#')) continue;
    const sample = sampleOf(line);
    const family = families.get(current);
    if (family === undefined || !belongs(sample.name, current, family.type)) {
      throw new Error(`${sample.name} does not belong to ${current}`);
    }
    const key = `${sample.name} ${JSON.stringify(Object.entries(sample.labels).sort())}`;
    if (seen.has(key)) throw new Error(`twice: ${key}`);
    seen.add(key);
    family.samples.push(sample);
  }
  for (const [name, { type, samples }] of families) {
    if (type === 'histogram') checkHistogram(name, samples);
  }
  return families;
}

function sampleOf(line: string): Sample {
  const [, name = '', inside = '', number = ''] = LINE.exec(line) ?? [];
  if (name === '') throw new Error(`no sample: ${line}`);
  const labels: Record<string, string> = {};
  let at = 0;
  while (at < inside.length) {
    LABEL.lastIndex = at;
    const found = LABEL.exec(inside);
    if (found === null) throw new Error(`no label at ${inside.slice(at)}`);
    const [all, label = '', escaped = ''] = found;
    if (Object.hasOwn(labels, label)) throw new Error(`${label} twice: ${line}`);
    labels[label] = escaped.replace(/\\(.)/g, (_, letter: string) =>
      letter === 'n' ? '\n' : letter,
    );
    at += all.length;
  }
  const value = number === '+Inf' ? Number.POSITIVE_INFINITY : Number(number);
  if (Number.isNaN(value)) throw new Error(`no number: ${line}`);
  return { name, labels, value };
}

function belongs(sample: string, family: string, type: string): boolean {
  if (type !== 'histogram') return sample === family;
  return ['_bucket', '_sum', '_count'].some((suffix) => sample === `${family}${suffix}`);
}

/** Every series has rising buckets, the last of which is of everything, a sum and the same count. */
function checkHistogram(name: string, samples: readonly Sample[]): void {
  const series = new Map<string, Sample[]>();
  for (const sample of samples) {
    const { le: _le, ...rest } = sample.labels;
    const key = JSON.stringify(Object.entries(rest).sort());
    series.set(key, [...(series.get(key) ?? []), sample]);
  }
  for (const [key, all] of series) {
    const buckets = all.filter((one) => one.name === `${name}_bucket`);
    const last = buckets.at(-1);
    const count = all.find((one) => one.name === `${name}_count`);
    if (last?.labels['le'] !== '+Inf') throw new Error(`no +Inf in ${key}`);
    if (count?.value !== last.value) throw new Error(`the count is another in ${key}`);
    if (!all.some((one) => one.name === `${name}_sum`)) throw new Error(`no sum in ${key}`);
    for (const [index, bucket] of buckets.entries()) {
      const before = buckets[index - 1];
      if (before !== undefined && before.value > bucket.value) throw new Error(`falls in ${key}`);
    }
  }
}
