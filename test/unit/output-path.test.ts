/** Places for output: what is known against them beforehand, and that nothing is tried for ever. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  makeFolders,
  problemWithFile,
  problemWithFolder,
  replaceFile,
} from '../../reports/output-path.ts';
import { createRunFolder } from '../../reports/run-file.ts';
import { command } from '../command.ts';
import { temporaryFolder } from '../program.ts';

const folder = temporaryFolder();
const file = join(folder, 'file');
writeFileSync(file, 'kept');

describe('known beforehand', () => {
  test('is a folder where a file is meant, and a file where a folder is', () => {
    expect(problemWithFile(folder)).toBe('that is a folder; name a file');
    expect(problemWithFile(join(file, 'x', 'y.html'))).toBe(`${file} is no folder`);
    expect(problemWithFolder(file)).toBe(`${file} is no folder`);
  });

  test('is nothing against a file that is there, and folders that are not', () => {
    expect(problemWithFile(file)).toBeUndefined();
    expect(problemWithFile(join(folder, 'new', 'newer', 'x.html'))).toBeUndefined();
    expect(problemWithFolder(join(folder, 'new', 'newer'))).toBeUndefined();
  });
});

test('folders are made, all that are missing, and again without complaint', () => {
  const deep = join(folder, 'a', 'b', 'c');
  makeFolders(deep);
  makeFolders(deep);
  expect(existsSync(deep)).toBe(true);
});

// There the recursive call of Node 20 never comes back.
test.skipIf(process.platform !== 'linux')(
  'below /proc there is no place for a run, and it says so',
  () => {
    expect(() => createRunFolder('/proc/pushbench-test', 'one')).toThrow(
      'The output folder /proc/pushbench-test cannot be written: nothing can be made in /proc',
    );
  },
);

test('a file is replaced whole; where that fails the reason is told, and no draft is left', () => {
  const path = join(folder, 'whole.txt');
  replaceFile(path, 'one');
  replaceFile(path, 'two');
  expect(readFileSync(path, 'utf8')).toBe('two');
  expect(() => replaceFile(join(file, 'x'), 'three')).toThrow(`${file} is no folder`);
  mkdirSync(join(folder, 'taken'));
  expect(() => replaceFile(join(folder, 'taken'), 'four')).toThrow('that is a folder; name a file');
  expect(readdirSync(folder).filter((name) => name.endsWith('.draft'))).toEqual([]);
});

describe('a place that cannot be one', () => {
  const missing = join(folder, 'nothing-there');
  const beyond = join(file, 'x.html');
  const check = ['check', 'broadcast', '--assert', 'reach=1', '--out', join(folder, 'runs')];
  test.each([
    [
      ['report', missing, '--out', beyond],
      `--out: ${beyond} cannot be written: ${file} is no folder`,
    ],
    [['report', missing, '--out', folder], 'that is a folder; name a file'],
    [['compare', missing, missing, '--out', folder], 'that is a folder; name a file'],
    [[...check, '--markdown', beyond], `--markdown: ${beyond}`],
    [[...check, '--junit', folder], `--junit: ${folder}`],
    [[...check, '--save', beyond], `--save: ${beyond}`],
    [[...check, '--export', `csv=${beyond}`], `--export csv: ${beyond}`],
    [[...check, '--export', `hlog=${file}`], `--export hlog: ${file}`],
    [['export', missing, '--format', 'csv', '--out', folder], '--out: '],
  ])('is refused before anything else is done: %j', async (args, says) => {
    const { code, err } = await command(args);
    expect(err).toContain(says);
    expect(err).toContain('Nothing was started. Choose another place.');
    expect(err.trim().split('\n')).toHaveLength(2);
    expect(code).toBe(3);
    expect(existsSync(join(folder, 'runs'))).toBe(false);
    expect(readFileSync(file, 'utf8')).toBe('kept');
  });
});
