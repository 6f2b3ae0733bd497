/** The command `export`, and what `--export` refuses before anything is started. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { exportRun, readExports } from '../../cli/export.ts';
import { exportNames } from '../../reports/export/registry.ts';
import { command } from '../command.ts';
import { recorded } from '../compared-runs.ts';
import { fakeIo } from '../fake-io.ts';
import { temporaryFolder } from '../program.ts';

const folder = temporaryFolder();
const name = '20260101T000000-broadcast';
mkdirSync(join(folder, name));
writeFileSync(join(folder, name, 'run.json'), JSON.stringify(recorded));

const run = (...args: string[]) => command(args);
const exported = (...args: string[]) => run('export', '--runs', folder, ...args);

describe('export', () => {
  test.each([
    ['csv', ['run.csv']],
    ['prometheus', ['metrics.prom']],
    ['hlog', ['hlog/sse.latency.hlog', 'hlog/ws.latency.sent.hlog']],
  ])('writes %s beside the run, and says where', async (format, files) => {
    const { code, out, err } = await exported('latest', '--format', format);
    expect([code, err]).toEqual([0, '']);
    for (const file of files) {
      expect(out.split('\n')).toContain(join(folder, name, file));
      expect(existsSync(join(folder, name, file))).toBe(true);
    }
  });

  test('writes where it is told to', async () => {
    const to = join(folder, 'new', 'x.csv');
    const { out } = await exported(name, '--format', 'csv', '--out', to);
    expect(out).toBe(`${to}\n`);
    expect(readFileSync(to, 'utf8')).toMatch(/^run,started_at,/);
  });

  test.each<[string, string[], number, string]>([
    ['an unknown format', ['latest', '--format', 'cvs'], 2, "Did you mean 'csv'?"],
    ['no format', ['latest'], 2, '--format'],
    ['an unknown run', ['nothing', '--format', 'csv'], 2, "There is no run 'nothing'"],
    ['otlp without an address', ['latest', '--format', 'otlp'], 2, 'needs an address'],
    ['what is no address', ['latest', '--format', 'otlp', '--out', 'x'], 2, 'not the address'],
    ['a name nobody collects', ['latest', '--format', 'prometheus', '--out', 'x.txt'], 2, '.prom'],
    [
      'a place that cannot be written',
      ['latest', '--format', 'csv', '--out', join(folder, name, 'run.json', 'x.csv')],
      3,
      'run.json is no folder',
    ],
  ])('says in two lines what is wrong with %s', async (_, args, status, says) => {
    const { code, out, err } = await exported(...args);
    expect([code, out]).toEqual([status, '']);
    expect(err).toContain(says);
    expect(err.trim().split('\n')).toHaveLength(2);
  });
});

describe('--export', () => {
  test.each([
    ['bench', ['bench', 'broadcast']],
    ['check', ['check', 'broadcast', '--assert', 'reach=1']],
  ])('of %s is read before anything is started', async (_, words) => {
    const wrong = await run(...words, '--export', 'csv=x.csv', '--export', 'xml=y');
    expect(wrong).toMatchObject({ code: 2, out: '' });
    expect(wrong.err).toContain("There is no export format 'xml'.");
    const empty = await run(...words, '--export', 'otlp=');
    expect(empty.err).toContain('otlp=http://127.0.0.1:4318');
  });

  test('of a gate that decides nothing is refused', async () => {
    const { code, err } = await run('check', 'broadcast', '--aa', '--export', 'csv=x.csv');
    expect(code).toBe(2);
    expect(err).toContain('--aa decides nothing');
  });

  test('makes paths absolute, and leaves addresses and further equals signs alone', () => {
    expect(readExports(['csv=a=b.csv', 'otlp=http://h/x?y=z'])).toEqual([
      { format: 'csv', to: join(process.cwd(), 'a=b.csv') },
      { format: 'otlp', to: 'http://h/x?y=z' },
    ]);
    expect(readExports(undefined)).toEqual([]);
  });

  test('that fails is a warning that says how to do it again, and the others are written', async () => {
    const { io, said } = fakeIo();
    const blocked = join(folder, 'later', 'x.csv');
    const fine = join(folder, 'fine.csv');
    const orders = readExports([`csv=${blocked}`, `csv=${fine}`]);
    // Nothing was against it at the start; by the end of the run something is.
    writeFileSync(join(folder, 'later'), '');
    await exportRun(recorded, orders, io);
    expect(said.out).toBe('');
    expect(said.err).toContain('Nothing of the run is lost');
    expect(said.err).toContain(`npm run export -- ${recorded.id} --format csv --out ${blocked}`);
    expect(said.err).toContain(`csv  ${fine}\n`);
    expect(existsSync(fine)).toBe(true);
  });

  test('that has nothing to write says so', async () => {
    const { io, said } = fakeIo();
    const to = join(folder, 'no-logs');
    await exportRun({ ...recorded, trials: [] }, readExports([`hlog=${to}`]), io);
    expect(said.err).toContain('nothing for hlog');
    expect(existsSync(to)).toBe(false);
  });

  test('names every format in the help of bench, check and export', async () => {
    for (const words of [['bench', 'broadcast'], ['check', 'broadcast'], ['export']]) {
      const { out } = await run(...words, '--help');
      for (const format of exportNames) expect(out).toContain(format);
    }
  });
});
