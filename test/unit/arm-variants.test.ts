/** Which arms are the same but for their variant: by what they are, and not by how they are called. */
import { expect, test } from 'vitest';
import type { Arm } from '../../core/result.ts';
import { armInVariant, titleWithoutVariant } from '../../reports/arm-variants.ts';

const armOf = (name: string, title: string, more: Partial<Arm> = {}): Arm => ({
  name,
  title,
  transport: 'ws',
  client: 'lean',
  target: 'built-in',
  route: 'direct',
  role: 'candidate',
  ...more,
});

const calm = { variant: 'calm' };
const arms = [
  armOf('ws', 'WebSocket'),
  armOf('ws@nginx', 'WebSocket through nginx', { route: 'nginx' }),
  armOf('ws-calm', 'WebSocket, nobody stalls', calm),
  armOf('ws-calm@nginx', 'WebSocket, nobody stalls through nginx', { ...calm, route: 'nginx' }),
  armOf('sse-calm', 'SSE, nobody stalls', { ...calm, transport: 'sse' }),
] as const;

test('an arm goes with the one on its own route', () => {
  expect(armInVariant(arms, arms[0], 'calm')?.name).toBe('ws-calm');
  expect(armInVariant(arms, arms[1], 'calm')?.name).toBe('ws-calm@nginx');
  expect(armInVariant(arms, arms[3])?.name).toBe('ws@nginx');
  expect(titleWithoutVariant(arms, arms[3])).toBe('WebSocket through nginx');
  // There is no other variant of it.
  expect(armInVariant(arms, arms[4])).toBeUndefined();
  expect(titleWithoutVariant(arms, arms[4])).toBe('SSE, nobody stalls');
});

test('where an arm is compared with itself, the second goes with the second', () => {
  const twice = [
    armOf('ws', 'WebSocket'),
    armOf('ws-2', 'WebSocket (2)'),
    armOf('ws-calm', 'WebSocket, nobody stalls', calm),
    armOf('ws-2-calm', 'WebSocket (2), nobody stalls', calm),
  ] as const;
  expect(armInVariant(twice, twice[1], 'calm')?.name).toBe('ws-2-calm');
  expect(titleWithoutVariant(twice, twice[3])).toBe('WebSocket (2)');
  expect(titleWithoutVariant(twice, twice[2])).toBe('WebSocket');
});
