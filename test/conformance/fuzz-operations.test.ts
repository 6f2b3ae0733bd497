/** The texts of operations, damaged: what is taken is exactly what a JSON parser reads, and nothing throws. */
import { describe, expect, test } from 'vitest';
import { createRandom } from '../../core/random.ts';
import { nameProblem } from '../../servers/names.ts';
import { parseOperation } from '../../servers/operation.ts';
import { readQuickRequest } from '../../servers/quick-request.ts';
import { mutate, pick } from './mutations.ts';

const CASES = 4_000;

const values = [
  'null',
  'true',
  'false',
  '0',
  '-0',
  '12.5e-3',
  '1E+9',
  '"x"',
  '"\\"\\\\\\u00e9\\n"',
  '[]',
  '{}',
  '[1,[2,{"a":[]}]]',
  '{"a":{"b":null},"c":"d, }]"}',
  '"żółw 🐢"',
  '" { \\" } "',
  '[ 1 , 2 ]',
  '{ "a" : 1 }',
];
const others = [
  '{"op":"publish","room":"r","event":"e","key":"k","data":1}',
  '{"op":"answer","id":"7","data":1}',
  '{"op":"answer","id":"7","error":"no"}',
  '{"op":"part","id":"7","data":1}',
  '{"op":"join","room":"r"}',
  '{"op":"resume","session":"s","last":"k-1"}',
  '{"op":"cancel","id":7}',
];

describe.each([2_001, 2_002, 2_003, 2_004, 2_005])('with seed %i', (seed) => {
  test(`${CASES} requests are read quickly only where a parser reads the same`, () => {
    const random = createRandom(seed);
    let quick = 0;
    for (let index = 0; index < CASES; index += 1) {
      const original = `{"op":"request","id":"${random.int(100)}","data":${pick(random, values)}}`;
      const text =
        random.int(4) === 0 ? original : mutate(random, Buffer.from(original)).toString();
      const read = readQuickRequest(Buffer.from(text));
      if (read === undefined) continue;
      quick += 1;
      const where = `case ${index} of seed ${seed}: ${JSON.stringify(text)}`;
      // Throws where it is no JSON.
      const data: unknown = JSON.parse(read.text);
      expect(parseOperation(text), where).toEqual({ op: 'request', id: read.id, data });
      expect(/[\r\n]/.test(read.text), where).toBe(false);
    }
    // As many as were left undamaged, at least.
    expect(quick).toBeGreaterThan(CASES / 5);
  });

  test(`${CASES} operations are read with names that are fit, or refused with a sentence`, () => {
    const random = createRandom(seed);
    for (let index = 0; index < CASES; index += 1) {
      const text = mutate(random, Buffer.from(pick(random, others))).toString();
      const where = `case ${index} of seed ${seed}: ${JSON.stringify(text)}`;
      const operation = parseOperation(text);
      if ('problem' in operation) {
        expect(operation.problem, where).toMatch(/^[a-z][^\r\n\0]+$/);
        continue;
      }
      const names = { room: '', event: '', id: '', key: '', ...operation };
      for (const what of ['room', 'event', 'id', 'key'] as const) {
        if (names[what] !== '') expect(nameProblem(what, names[what]), where).toBeUndefined();
      }
    }
  });
});
