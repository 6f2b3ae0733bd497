/** The run file: what is written can be read, what is not one is refused by name, and its schema is published. */
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { runResultSchema } from '../../core/result.ts';
import {
  abortInPlace,
  createRunFolder,
  readRunFile,
  writeRunFile,
} from '../../reports/run-file.ts';
import { temporaryFolder } from '../program.ts';
import { refusalOf } from '../refusal.ts';

const folder = temporaryFolder();
const sample = runResultSchema.parse(
  JSON.parse(readFileSync(join(import.meta.dirname, '..', 'fixtures', 'run.json'), 'utf8')),
);

function written(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

describe('run files', () => {
  test('what was written is what is read', () => {
    const path = writeRunFile(createRunFolder(folder, 'one'), sample);
    expect(readRunFile(path)).toEqual(sample);
  });

  test.each([
    ['a truncated file', JSON.stringify(sample).slice(0, 500), 'JSON'],
    ['a foreign file', '{"name":"somebody else"}', 'schema'],
    ['a file of a later version', JSON.stringify({ ...sample, schema: 2 }), 'schema'],
    ['a file with a wrong type inside', JSON.stringify({ ...sample, arms: 'ws' }), 'arms'],
  ])('%s is refused by name, with what is wrong', (title, text, wrong) => {
    const path = written(`${title}.json`, text);
    const refusal = refusalOf(() => readRunFile(path));
    expect(refusal.code).toBe('run-file-unreadable');
    expect(refusal.message).toContain(path);
    expect(refusal.message).toContain(wrong);
    expect(refusal.exitCode).toBe(2);
  });

  test('a file that cannot be written leaves the last good one and no draft', () => {
    const target = createRunFolder(folder, 'blocked');
    const path = writeRunFile(target, sample);
    // A folder in the place of the draft makes the next write fail, as a full disk would.
    mkdirSync(`${path}.draft/x`, { recursive: true });
    const refusal = refusalOf(() => writeRunFile(target, { ...sample, id: 'later' }));
    expect(refusal.code).toBe('run-file-not-written');
    expect(readRunFile(path).id).toBe(sample.id);
  });

  test('a last state for which there is no room does not say that the run goes on', () => {
    const target = createRunFolder(folder, 'full');
    const path = writeRunFile(target, {
      ...sample,
      state: 'running',
      command: '"state":"running"',
    });
    const { size } = statSync(path);
    abortInPlace(target);
    expect(readRunFile(path)).toEqual({
      ...sample,
      state: 'aborted',
      command: '"state":"running"',
    });
    expect(statSync(path).size).toBe(size);
    abortInPlace(createRunFolder(folder, 'empty'));
  });

  test('the schema is published as JSON Schema', async () => {
    // Update with `npx vitest run --project unit -u`.
    const published = `${JSON.stringify(z.toJSONSchema(runResultSchema), undefined, 2)}\n`;
    await expect(published).toMatchFileSnapshot('../../docs/run.schema.json');
  });
});
