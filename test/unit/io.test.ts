/** What becomes of a process whose output nobody reads any more. */
import { EventEmitter } from 'node:events';
import { expect, test } from 'vitest';
import { ioOf } from '../../cli/io.ts';

function fakeProcess() {
  const [stdout, stderr] = [new EventEmitter(), new EventEmitter()];
  const fake = Object.assign(new EventEmitter(), { argv: ['node', 'x'], env: {}, stdout, stderr });
  return { stdout, stderr, io: ioOf(fake as unknown as NodeJS.Process) };
}

const error = (code: string): Error => Object.assign(new Error(code), { code });

test('a closed stdout ends what would go on for ever, such as tail', () => {
  const { stdout, io } = fakeProcess();
  expect(io.signal.aborted).toBe(false);
  stdout.emit('error', error('EPIPE'));
  expect(io.signal.aborted).toBe(true);
});

test('a closed stderr ends nothing: a run that is under way is kept', () => {
  const { stderr, io } = fakeProcess();
  stderr.emit('error', error('EPIPE'));
  expect(io.signal.aborted).toBe(false);
});

test('any other error of them is not hidden', () => {
  const { stdout, stderr } = fakeProcess();
  expect(() => stdout.emit('error', error('ENOSPC'))).toThrow('ENOSPC');
  expect(() => stderr.emit('error', error('ENOSPC'))).toThrow('ENOSPC');
});
