/**
 * What `--json` prints is a promise: the documented names are in real documents, and the schemas are
 * published. Names are read from docs/outputs.md itself, so that it cannot promise anything else.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { GateRecord } from '../../core/records/gate.ts';
import { gateRecordSchema } from '../../core/records/gate.ts';
import { studySchema } from '../../core/records/study.ts';
import { runResultSchema } from '../../core/result.ts';
import { comparisonDocumentSchema } from '../../reports/compare/comparison-document.ts';
import { compareRuns } from '../../reports/compare/runs-comparison.ts';
import { checkDocument, checkDocumentSchema } from '../../reports/gate/check-document.ts';
import { laterRun, recorded } from '../compared-runs.ts';

const root = join(import.meta.dirname, '..', '..');
const documentation = readFileSync(join(root, 'docs', 'outputs.md'), 'utf8');

/** The names in the first code block below a heading, one path to a line: `trials[].ledger.lost`. */
function promised(heading: string): string[] {
  const [, block = ''] =
    new RegExp(`### ${heading}\\n[^]*?\`\`\`\\n([^]*?)\`\`\``).exec(documentation) ?? [];
  return block
    .split('\n')
    .map((line) => line.replace(/\s+#.*$/, '').trim())
    .filter((line) => line !== '');
}

/** Everything at a path; several where it leads through a list or past any name. */
function valuesAt(value: unknown, path: string): unknown[] {
  const steps = path
    .replaceAll('[]', '.[]')
    .split('.')
    .filter((step) => step !== '');
  return steps.reduce<unknown[]>(
    (found, step) =>
      found.flatMap((one): unknown[] => {
        if (typeof one !== 'object' || one === null) return [];
        if (step === '[]') return Array.isArray(one) ? one : [];
        if (step === '<id>') return Object.values(one);
        const next = (one as Record<string, unknown>)[step];
        return next === undefined ? [] : [next];
      }),
    [value],
  );
}

const comparison = JSON.parse(JSON.stringify(compareRuns([recorded, laterRun({ sse: 1.4 })])));
const gate = (): GateRecord =>
  gateRecordSchema.parse(
    JSON.parse(readFileSync(join(root, 'test', 'golden', 'gate-regressed.json'), 'utf8')),
  );
const check = JSON.parse(JSON.stringify(checkDocument('broadcast', 1, gate(), '/x/run.json')));

describe('documents of --json', () => {
  test.each<[string, unknown, number]>([
    ['Run file', recorded, 40],
    ['compare --json', comparison, 15],
    ['check --json', check, 15],
  ])('%s has every name that is promised', (heading, document, fewest) => {
    const names = promised(heading);
    expect(names.length).toBeGreaterThanOrEqual(fewest);
    for (const name of names) expect(valuesAt(document, name), name).not.toEqual([]);
  });

  test('are exactly what their schemas say', () => {
    expect(comparisonDocumentSchema.strict().parse(comparison)).toEqual(comparison);
    expect(checkDocumentSchema.strict().parse(check)).toEqual(check);
    expect(runResultSchema.parse(recorded)).toEqual(recorded);
  });

  test.each([
    ['compare', comparisonDocumentSchema],
    ['check', checkDocumentSchema],
    ['study', studySchema],
  ])('have a published schema: %s', async (name, schema) => {
    // Update with `npx vitest run --project unit test/unit/json-documents.test.ts --update`.
    const published = `${JSON.stringify(z.toJSONSchema(schema), undefined, 2)}\n`;
    await expect(published).toMatchFileSnapshot(`../../docs/${name}.schema.json`);
  });
});
