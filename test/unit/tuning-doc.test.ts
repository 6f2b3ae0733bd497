/**
 * docs/tuning.md is what its files say. After new ones were measured:
 * `npx vitest run --project unit test/unit/tuning-doc.test.ts --update`.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Tune } from '../../core/records/tune.ts';
import { conclude } from '../../loadgen/tune/conclude.ts';
import { choose } from '../../loadgen/tune/effects.ts';
import { knobsOf } from '../../loadgen/tune/knobs/registry.ts';
import { proxies } from '../../proxies/registry.ts';
import { readTuneFile } from '../../reports/tune/tune-file.ts';
import { tunedConfig } from '../../reports/tune/tuned-config.ts';
import { tuningDoc } from '../../reports/tune/tuning-doc.ts';

const folder = join(import.meta.dirname, '..', '..', 'docs', 'tuning');
const names = Object.keys(proxies) as (keyof typeof proxies)[];
const kept = readdirSync(folder).filter((name) => name.endsWith('.json'));
/** With what is said of its samples now. */
function tuneOf(name: string): Tune {
  const tune = readTuneFile(join(folder, `${name}.json`));
  return { ...tune, ...conclude(tune) };
}

test('there is a finished file of every proxy', () => {
  expect(kept.sort()).toEqual(names.map((name) => `${name}.json`).sort());
  for (const name of names) expect(tuneOf(name)).toMatchObject({ proxy: name, state: 'finished' });
});

test('the page is what the files say', async () => {
  const intro = readFileSync(join(folder, 'intro.md'), 'utf8');
  await expect(tuningDoc(intro, names.map(tuneOf))).toMatchFileSnapshot('../../docs/tuning.md');
});

describe.each(names)('the file of %s', (name) => {
  const tune = tuneOf(name);
  const changes = tune.settings.filter(({ kind }) => kind === 'change');

  test('says of its samples what would be said of them now', async () => {
    await expect(`${JSON.stringify(tune)}\n`).toMatchFileSnapshot(`../../docs/tuning/${name}.json`);
    const chosen = choose(changes, tune.effects);
    expect(tune.chosen).toEqual(Object.assign({}, ...chosen.map(({ set }) => set)));
  });

  test('was made of the knobs and presets as they are', () => {
    const known = knobsOf[name].knobs.map((knob) => knob.name);
    const skipped = tune.skipped.map(({ what }) => what);
    expect([...changes.map((one) => one.name), ...skipped].sort()).toEqual([...known].sort());
    expect(tune.stock).toEqual(proxies[name].presets.stock);
    expect(tune.recommended).toEqual(proxies[name].presets.recommended);
  });

  test('has all that comes out in the recommended preset', () => {
    // A preset that measuring contradicts is changed, or the difference explained here.
    expect(proxies[name].presets.recommended).toMatchObject(tune.chosen);
  });

  test('every line that was decided by measuring has a comment above it', () => {
    const lines = tunedConfig(tune).split('\n');
    for (const [directive, written] of Object.entries(tune.lines)) {
      const at = lines.findIndex((line) => !line.trim().startsWith('#') && line.includes(written));
      expect(lines[at - 1], directive).toMatch(/^\s*# /);
    }
  });
});
