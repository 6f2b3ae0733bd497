/** What a person gets to read who asks for what cannot be: one sentence, one hint, the right exit code. */
import { readdirSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { describe, expect, test } from 'vitest';
import { runFilesIn, runProgram, SMALL, temporaryFolder } from '../program.ts';

const out = temporaryFolder();
const used = temporaryFolder();

interface Case {
  readonly title: string;
  readonly args: readonly string[];
  readonly says: string;
  readonly hint: string;
  readonly code?: number;
}

const cases: readonly Case[] = [
  {
    title: 'an unknown scenario is answered with the nearest one',
    args: ['bench', 'brodcast'],
    says: "There is no scenario 'brodcast'.",
    hint: "Did you mean 'broadcast'?",
  },
  {
    title: 'an unknown command is answered with the nearest one',
    args: ['bnech'],
    says: "There is no command 'bnech'.",
    hint: "Did you mean 'bench'?",
  },
  {
    title: 'a missing scenario is asked for',
    args: ['bench'],
    says: 'Say which: broadcast, request',
    hint: "'npm run bench -- --help' shows how it is used.",
  },
  {
    title: 'an unknown option is answered with the nearest one',
    args: ['bench', 'broadcast', '--cleints', '500'],
    says: "bench broadcast has no option '--cleints'.",
    hint: "Did you mean '--clients'?",
  },
  {
    title: 'an unknown arm is answered with the nearest one',
    args: ['bench', 'broadcast', '--arms', 'sse,wss'],
    says: "There is no arm 'wss'.",
    hint: "Did you mean 'ws'? Known: sse, ws, raw",
  },
  {
    title: 'a name that is missing among arms is not passed over',
    args: ['bench', 'broadcast', '--arms', 'sse,,ws'],
    says: "--arms: 'sse,,ws' has nothing in place 2; name something there, or leave the comma out.",
    hint: 'Nothing was started.',
  },
  {
    title: 'how many runs of an export there are means nothing to a page',
    args: ['view', '--last', '3'],
    says: '--last is of --export DIR; the page has all runs.',
    hint: "'npm run view -- --help' shows how it is used.",
  },
  {
    title: 'no arm at all is not a run',
    args: ['bench', 'broadcast', '--arms', ','],
    says: '--arms names no arm.',
    hint: 'Name at least one',
  },
  {
    title: 'an unknown parameter to vary is answered with the known ones',
    args: ['bench', 'broadcast', '--vary', 'client=1,2'],
    says: "There is no parameter 'client'.",
    hint: "Did you mean 'clients'?",
  },
  {
    title: 'a sweep without values shows how one is written',
    args: ['bench', 'broadcast', '--vary', 'clients='],
    says: "--vary: 'clients=' names no values; write it like clients=500,….",
    hint: 'Nothing was started.',
  },
  {
    title: 'a value outside a sweep’s range is named',
    args: ['bench', 'broadcast', '--vary', 'clients=10,0'],
    says: '--clients 0 is outside 1 … 1000000.',
    hint: 'Choose a value',
  },
  {
    title: 'a sweep that names a value twice is refused',
    args: ['bench', 'broadcast', '--vary', 'rate=60/m,1/s'],
    says: '--vary: rate 1/s is there twice.',
    hint: 'Nothing was started.',
  },
  {
    title: 'a fault that nobody would make is refused',
    args: ['bench', 'broadcast', '--inject', 'drop=1%', '--publish-from', 'client'],
    says: '--inject: drop, duplicate, swap, stall, delay and cpu need the server to publish',
    hint: 'Nothing was started.',
  },
  {
    title: 'a duration without a unit is not guessed',
    args: ['bench', 'broadcast', '--duration', '10'],
    says: "--duration: '10' has no unit; write it like 10s, 500ms or 2m.",
    hint: 'Nothing was started.',
  },
  {
    title: 'a rate in an unknown unit is told the known ones',
    args: ['bench', 'broadcast', '--rate', '50/x'],
    says: "--rate: '/x' is not a unit of a rate",
    hint: 'Nothing was started.',
  },
  {
    title: 'a payload smaller than the message head is out of range',
    args: ['bench', 'broadcast', '--payload', '16B'],
    says: '--payload 16B is outside 75B … 16MiB.',
    hint: 'Choose a value between 75B and 16MiB.',
  },
  {
    title: 'a choice that is none is told the choices',
    args: ['bench', 'broadcast', '--pacing', 'random'],
    says: "--pacing: 'random' is not one of constant, poisson.",
    hint: 'Nothing was started.',
  },
  {
    title: 'a client of an unknown kind is answered with the known ones',
    args: ['bench', 'broadcast', '--client', 'libary'],
    says: "There is no client 'libary'.",
    hint: "Did you mean 'library'?",
  },
  {
    title: 'an arm without the client asked for says why',
    args: ['bench', 'broadcast', '--arms', 'raw', '--client', 'library'],
    says: "The arm 'raw' cannot be run: no library speaks this protocol",
    hint: 'Leave it out of --arms',
  },
  {
    title: 'an unknown fault to inject is told the known ones',
    args: ['bench', 'broadcast', '--inject', 'loss=1%'],
    says: "--inject: 'loss' is not a fault (known: drop, duplicate, swap, stall, generator, delay, share, cpu, leak).",
    hint: 'Nothing was started.',
  },
  {
    title: 'a word too many is named',
    args: ['bench', 'broadcast', '500'],
    says: 'Too many arguments',
    hint: "'npm run bench broadcast -- --help' shows how it is used.",
  },
  {
    title: 'more clients than the machine has descriptors or ports for says how many fit',
    args: ['bench', 'broadcast', '--clients', '900000'],
    says: '900,000 clients do not fit on this machine',
    hint: 'or fewer, or raise the limit:',
    code: 3,
  },
  {
    title: 'an output folder that cannot be made is named',
    args: ['bench', 'broadcast', '--out', '/dev/null/runs'],
    says: 'The output folder /dev/null/runs cannot be written',
    hint: 'Choose another with --out DIR',
    code: 3,
  },
];

describe('bad input', () => {
  test.each(cases)('$title', async ({ args, says, hint, code = 2 }) => {
    const refused = args.includes('broadcast') && !args.includes('--out') ? out : undefined;
    const result = await runProgram([
      ...args,
      ...(refused === undefined ? [] : ['--out', refused]),
    ]);
    expect(result.stderr).toContain(says);
    expect(result.stderr).toContain(hint);
    expect(result.stderr).not.toMatch(/\n\s+at /);
    expect(result.stdout).toBe('');
    expect(result.code).toBe(code);
    expect(readdirSync(out), 'nothing is started, so nothing is written').toEqual([]);
  });

  test('flags that npm kept for itself stop the run, with the command that works', async () => {
    const npm = {
      npm_lifecycle_event: 'bench',
      npm_config_clients: 'true',
      npm_config_quick: 'true',
    };
    const result = await runProgram(['bench', 'broadcast', '500'], npm);
    expect(result.code).toBe(2);
    expect(result.stderr).toContain('npm kept --clients, --quick for itself');
    expect(result.stderr).toContain('npm run bench broadcast -- --clients 500 --quick');
  });

  test('a flag that npm kept with its value is given back with it', async () => {
    const npm = { npm_lifecycle_event: 'bench', npm_config_rate: '50/s' };
    const result = await runProgram(['bench', 'broadcast'], npm);
    expect(result.code).toBe(2);
    expect(result.stderr).toContain('npm run bench broadcast -- --rate 50/s');
  });

  test("npm's own configuration is none of our business outside npm run", async () => {
    const result = await runProgram(['list'], { npm_config_json: 'true' });
    expect(result.code).toBe(0);
  });

  test('a port in use is named, and no trial is recorded', async () => {
    const blocker = createServer();
    await new Promise<void>((resolve) => blocker.listen(0, '127.0.0.1', resolve));
    try {
      const { port } = blocker.address() as AddressInfo;
      const result = await runProgram([
        'bench',
        'broadcast',
        ...SMALL,
        '--port',
        String(port),
        '--out',
        used,
      ]);
      expect(result.code).toBe(3);
      expect(result.stderr).toContain(`Port ${port} on 127.0.0.1 is already in use.`);
      expect(result.stderr).toContain('leave --port out');
      expect(runFilesIn(used), 'nothing was measured, so there is no run').toEqual([]);
      expect(result.stderr).not.toMatch(/\n\s+at /);
    } finally {
      await new Promise((resolve) => blocker.close(resolve));
    }
  });
});
