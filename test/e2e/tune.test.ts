/** `tune` with real proxies: what it finds, what it writes, and that nothing is left behind. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { tuneSchema } from '../../core/records/tune.ts';
import { routeFoldersOf, startProgram, temporaryFolder } from '../program.ts';
import { programOf } from '../real-proxy.ts';

const out = temporaryFolder();
const QUICK = ['--repeats', '1', '--out', out];

test('a read time-out is found to cut streams, and a configuration without it is written', async (context) => {
  programOf('nginx', context);
  const asked = ['--transport', 'sse', '--measure', 'head,idle', '--only', 'proxy_read_timeout'];
  const args = ['tune', '--route', 'nginx', ...asked, '--max', '1s', ...QUICK, '--json'];
  const program = startProgram(args);
  const { code, stdout, stderr } = await program.finished;
  expect(code, stderr).toBe(0);
  const tune = tuneSchema.parse(JSON.parse(stdout));
  expect(tune.state).toBe('finished');
  expect(tune.chosen).toEqual({ proxy_read_timeout: '1h' });
  const effect = tune.effects.find(
    ({ setting, figure }) => setting === 'proxy_read_timeout' && figure === 'idle.both',
  );
  expect(effect).toMatchObject({ changed: 1_000, verdict: 'better' });
  const config = readFileSync(join(out, tune.id, 'nginx.conf'), 'utf8');
  expect(config).toMatch(
    /# proxy_read_timeout \(not in stock; default 60s\)[\s\S]*\n {6}proxy_read_timeout 1h;/,
  );
  expect(JSON.parse(readFileSync(join(out, tune.id, 'tune.json'), 'utf8'))).toEqual(tune);
  expect(routeFoldersOf(program.child.pid)).toEqual([]);
  expect(program.processes()).toEqual([]);
});

test('an interrupted one keeps what it has and leaves nothing behind', async (context) => {
  programOf('nginx', context);
  const program = startProgram(['tune', '--route', 'nginx', ...QUICK]);
  await program.says('repeat 1/1 · stock');
  program.child.kill('SIGINT');
  const { code, stderr } = await program.finished;
  expect(code, stderr).toBe(130);
  expect(stderr).toContain('Interrupted');
  expect(routeFoldersOf(program.child.pid)).toEqual([]);
  expect(program.processes()).toEqual([]);
});
