/** Excerpts: short, in quotes, and the same for all who were told the same. */
import { expect, test } from 'vitest';
import { excerptOf } from '../../core/excerpt.ts';

test.each([
  ['welcome', 'welcome'],
  ['40{"sid":"lv_VI97HAXpY6yYWAAAB"}', '40{"sid":"…"}'],
  ['{"id":"bench-17","n":12345}', '{"id":"bench-…","n":12345}'],
  ['{"n":1234567}', '{"n":…}'],
  ['at 2026-11-21T14:00:00.123Z', 'at …'],
  ['4f1c90ab-beef-4c1d-9a3f-01c7abcdef12', '…'],
  ['face the cafe', 'face the cafe'],
  ['x'.repeat(70), `${'x'.repeat(60)}…`],
])('of %s', (text, excerpt) => {
  expect(excerptOf(text)).toBe(JSON.stringify(excerpt));
});
