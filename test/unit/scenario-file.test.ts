/** Scenarios in files of their own: what is taken, and what is said of one that cannot be run. */
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { reservedOptions } from '../../cli/reserved-options.ts';
import { isScenarioPath, loadScenario } from '../../cli/scenario-file.ts';
import { hashOfScenario } from '../../cli/scenario-hash.ts';
import { scenarios } from '../../scenarios/registry.ts';
import { command } from '../command.ts';
import { temporaryFolder } from '../program.ts';
import { refusalFrom } from '../refusal.ts';

const folder = temporaryFolder();

let files = 0;
/** Each in a file of its own: a module is loaded once. */
function write(text: string, extension = 'ts'): string {
  files += 1;
  const name = `./case-${files}.scenario.${extension}`;
  writeFileSync(join(folder, name), text);
  return name;
}

/** A scenario whose parts can be replaced by others, as source text. */
function source(parts: Readonly<Record<string, string>> = {}): string {
  const all: Record<string, string> = {
    name: "'mine'",
    question: "'Does it go?'",
    params: `{
      clients: { type: 'count', default: 10, min: 1, max: 100, help: 'clients' },
      mode: { type: 'choice', choices: ['calm', 'wild'], default: 'calm', help: 'how it goes' },
    }`,
    quick: '{ clients: 5 }',
    phases: `(p) => [{ kind: 'connect', clients: p.clients }, load]`,
    headline: "['latency.p50', 'reach']",
    explore: "'--vary clients=10,20'",
    ...parts,
  };
  const fields = Object.entries(all).filter(([, text]) => text !== '');
  return `import { defineScenario } from 'pushbench';
const publish = { ratePerS: 20, payloadBytes: 128, from: 'server', to: { kind: 'everybody' } };
const load = { kind: 'load', measured: true, durationMs: 500, pacing: 'constant', deadlineMs: 1000, publish };
export default defineScenario({ ${fields.map(([name, text]) => `${name}: ${text}`).join(',\n')} } as never);`;
}

/** The same with this parameter only. */
const withParam = (param: string): string => source({ params: `{ ${param} }`, quick: '{}' });

const refusal = (path: string) => refusalFrom(loadScenario(path, folder));

test('a path is told from a name by its dots and slashes', () => {
  expect(['./a.ts', 'a.scenario.ts', 'x/y', '..'].map(isScenarioPath)).not.toContain(false);
  expect([...Object.keys(scenarios), '--help', '--out=./x'].map(isScenarioPath)).not.toContain(
    true,
  );
});

describe('what is taken', () => {
  test('TypeScript, with what it imports from pushbench, and nothing is left behind', async () => {
    const path = write(source());
    const before = readdirSync(folder);
    const scenario = await loadScenario(path, folder);
    expect(scenario).toMatchObject({ name: 'mine', origin: path });
    expect(scenario.phases({ clients: 3, mode: 'calm' })[0]).toEqual({
      kind: 'connect',
      clients: 3,
    });
    expect(readdirSync(folder)).toEqual(before);
  });

  test('JavaScript, as a module and as CommonJS', async () => {
    const module = source().replace(' as never', '');
    expect(await loadScenario(write(module, 'mjs'), folder)).toMatchObject({ name: 'mine' });
    const common = module
      .replace(/import (.*) from 'pushbench'/, "const $1 = require('pushbench')")
      .replace('export default', 'module.exports =');
    expect(await loadScenario(write(common, 'cjs'), folder)).toMatchObject({ name: 'mine' });
  });

  test('the same script has the same hash, another one another, a built-in one none', async () => {
    const hashes = await Promise.all(
      [
        source(),
        source({ question: "'Is it?'" }),
        source({ phases: `(p) => [{ kind: 'connect', clients: p.clients + 1 }, load]` }),
      ].map(async (text) => hashOfScenario(await loadScenario(write(text), folder))),
    );
    expect(hashes[0]).toMatch(/^[0-9a-f]{12}$/);
    expect(hashes[1]).toBe(hashes[0]);
    expect(hashes[2]).not.toBe(hashes[0]);
    expect(hashOfScenario(scenarios.broadcast)).toBeUndefined();
  });
});

const mistakes: readonly (readonly [title: string, text: string, says: string])[] = [
  ['no default export', 'export const scenario = 1;', 'it has no default export (only scenario)'],
  ['nothing at all', '', 'it has no default export; write export default'],
  ['something else', 'export default 5;', 'it has to be an object, not a number'],
  ['a syntax error', 'const a = 1;\nconst b = ;\nexport default a;', 'line 2: Unexpected token'],
  [
    'an error when it is loaded',
    '\n\nexport default nothing.here;',
    'line 3: nothing is not defined',
  ],
  [
    'a package that is not there',
    "import 'no-such-package';",
    "Cannot find module 'no-such-package'",
  ],
  ['no phases', source({ phases: '' }), 'phases: it is missing'],
  ['phases that are data', source({ phases: '[]' }), 'phases: it has to be a function'],
  [
    'phases that are no list',
    source({ phases: '() => 5' }),
    'phases: it has to be an array, not a number',
  ],
  ['no phase', source({ phases: '() => []' }), 'phases: there is none; the least is connect'],
  ['a promise', source({ phases: 'async () => []' }), 'phases: it returns a promise'],
  [
    'phases that throw',
    source({ phases: "() => { throw new Error('no luck') }" }),
    "phases: it throws 'no luck'",
  ],
  ['a load before connect', source({ phases: '() => [load]' }), 'phases.0: the first is load'],
  [
    'connect and nothing else',
    source({ phases: "() => [{ kind: 'connect', clients: 1 }]" }),
    'after connect there is nothing to measure',
  ],
  [
    'an unknown kind',
    source({ phases: "() => [{ kind: 'conect', clients: 1 }]" }),
    "phases.0.kind: it has to be 'connect', 'load', 'rest', 'beat' or 'flood'",
  ],
  [
    'a missing field',
    source({ phases: "() => [{ kind: 'connect' }, load]" }),
    'phases.0.clients: it is missing',
  ],
  [
    'a wrong type',
    source({ phases: "() => [{ kind: 'connect', clients: '5' }, load]" }),
    'phases.0.clients: it has to be a whole number',
  ],
  [
    'half a client',
    source({ phases: "() => [{ kind: 'connect', clients: 0.5 }, load]" }),
    'phases.0.clients: it has to be a whole number',
  ],
  [
    'no client',
    source({ phases: "() => [{ kind: 'connect', clients: 0 }, load]" }),
    'phases.0.clients: it has to be 1 or more',
  ],
  [
    'an unknown field',
    source({ phases: "() => [{ kind: 'connect', clients: 1, room: 2 }, load]" }),
    "phases.0: there is no field 'room' here",
  ],
  [
    'an unknown audience',
    source({
      phases:
        "() => [{ kind: 'connect', clients: 1 }, { ...load, publish: { ...publish, to: { kind: 'all' } } }]",
    }),
    "phases.1.publish.to.kind: it has to be 'everybody', 'rooms' or 'keys'",
  ],
  [
    'a message too small',
    source({
      phases:
        "() => [{ kind: 'connect', clients: 1 }, { ...load, publish: { ...publish, payloadBytes: 5 } }]",
    }),
    'phases.1.publish.payloadBytes: a message takes 16 bytes at least',
  ],
  [
    'values that only some parameters make wrong',
    source({ phases: "(p) => [{ kind: 'connect', clients: p.clients - 5 }, load]" }),
    'phases.0.clients: it has to be 1 or more (with clients 5)',
  ],
  [
    'an unknown metric',
    source({ headline: "['reach', 'latency.99']" }),
    "headline.1: there is no metric 'latency.99'; the nearest is 'latency.p99'",
  ],
  ['no headline', source({ headline: '[]' }), 'headline: it names no metric'],
  ['the name of another', source({ name: "'chat'" }), "name: 'chat' is a built-in scenario"],
  [
    'a name for no folder',
    source({ name: "'../x'" }),
    'name: it has lower-case letters, digits and single dashes only',
  ],
  ['no question', source({ question: '' }), 'question: it is missing'],
  [
    'an unknown field of its own',
    source({ headlines: '[]' }),
    "there is no field 'headlines' here",
  ],
  [
    'an unknown type of parameter',
    withParam("n: { type: 'number', default: 1 }"),
    "params.n.type: it has to be 'count', 'ratePerS'",
  ],
  [
    'a default outside its limits',
    withParam("n: { type: 'count', default: 0, min: 1, max: 5, help: 'n' }"),
    'params.n.default: it is not between min and max',
  ],
  [
    'a default that is no choice',
    withParam("n: { type: 'choice', choices: ['a'], default: 'b', help: 'n' }"),
    'params.n.default: it is not one of the choices',
  ],
  [
    'the name of an option',
    withParam("rounds: { type: 'count', default: 1, min: 1, max: 5, help: 'n' }"),
    'params.rounds: --rounds is an option of every scenario',
  ],
  [
    'a name with a capital letter',
    withParam("maxRate: { type: 'count', default: 1, min: 1, max: 5, help: 'n' }"),
    'params.maxRate: it has lower-case letters',
  ],
  [
    'a quick value of nothing',
    source({ quick: '{ clint: 5 }' }),
    "quick.clint: there is no parameter 'clint'",
  ],
  [
    'a quick value out of range',
    source({ quick: '{ clients: 500 }' }),
    'quick.clients: --clients 500 is outside 1 … 100',
  ],
  [
    'an unknown arm',
    source({ arms: "'sse,wss'" }),
    "with its defaults it is refused: There is no arm 'wss'",
  ],
  [
    'a sweep of nothing',
    source({ vary: "'size=1,2'" }),
    "with its defaults it is refused: There is no parameter 'size'",
  ],
  [
    'an unknown setting of the server',
    source({ server: '() => ({ replays: 5 })' }),
    "server: there is no field 'replays' here",
  ],
  ['a search for nothing', source({ search: '() => ({})' }), 'search.param: it is missing'],
  [
    'a variant with a wrong value',
    source({ variants: "() => [{ name: '', title: '', values: { clients: 0 } }]" }),
    'phases.0.clients: it has to be 1 or more (with clients 0)',
  ],
  [
    'history that nobody keeps',
    source({
      phases:
        "() => [{ kind: 'connect', clients: 1, history: 5, prefill: { messages: 5, payloadBytes: 128, deadlineMs: 100 } }, load]",
    }),
    'phases.0: history: 5 messages are wanted, and the server keeps 0',
  ],
];

describe('what is refused, in one sentence with its place', () => {
  test.each(mistakes)('%s', async (_, text, says) => {
    const path = write(text);
    const { code, message, exitCode } = await refusal(path);
    expect({ code, exitCode }).toEqual({ code: 'scenario-unusable', exitCode: 2 });
    expect(message).toContain(`${path} is no scenario that can be run: `);
    expect(message).toContain(says);
    expect(message).not.toMatch(/\n|\bat .*:\d+:\d+|\.\.$/);
  });

  test('JSON, with the reason', async () => {
    const { message } = await refusal(write('{}', 'json'));
    expect(message).toContain(
      'phases is a function of the parameter values, which JSON cannot hold',
    );
  });

  test('a file that is not there, a folder, and what is no module', async () => {
    expect((await refusal('./nothing.ts')).message).toContain(
      `there is no such file (${join(folder, 'nothing.ts')})`,
    );
    expect((await refusal(`${write('{}', 'json')}/inside.ts`)).message).toContain(
      'there is no such file',
    );
    expect((await refusal('.')).message).toContain('it is a folder');
    expect((await refusal(write('name: x', 'yaml'))).message).toContain("'.yaml' is no module");
  });

  test('a mistake in a file that it imports, with the name of that file', async () => {
    writeFileSync(join(folder, 'part.ts'), 'export const a = 1;\nexport const b = ;\n');
    expect(
      (await refusal(write("import { a } from './part.ts';\nexport default a;"))).message,
    ).toContain('part.ts, line 2: Unexpected token');
  });

  test('values that it refuses itself are refused in its words', async () => {
    const text = source({
      phases: `(p) => {
        if (p.mode === 'wild') throw refuseValue('mode', 'wild needs 50 clients');
        return [{ kind: 'connect', clients: p.clients }, load];
      }`,
    }).replace('{ defineScenario }', '{ defineScenario, refuseValue }');
    const { phases } = await loadScenario(write(text), folder);
    expect(() => phases({ clients: 5, mode: 'wild' })).toThrow('--mode: wild needs 50 clients.');
  });
});

describe('on the command line', () => {
  test('its parameters are in --help, and are refused like those of any other', async () => {
    const path = join(folder, write(source()));
    const help = await command(['bench', path, '--help']);
    expect(help.code).toBe(0);
    expect(help.out).toContain('--clients <n>');
    expect(help.out).toContain('clients (default 10, with --quick 5, 1 … 100)');
    expect(help.out).toContain('--mode <calm|wild>');
    const refusals = await Promise.all([
      command(['bench', path, '--clients', '0']),
      command(['bench', path, '--mode', 'calmer']),
      command(['bench', path, '--cleints', '5']),
      command(['check', path]),
    ]);
    expect(refusals.map(({ code }) => code)).toEqual([2, 2, 2, 2]);
    expect(refusals.map(({ err }) => err)).toEqual([
      expect.stringContaining('--clients 0 is outside 1 … 100.'),
      expect.stringContaining("Did you mean 'calm'?"),
      expect.stringContaining("Did you mean '--clients'?"),
      expect.stringContaining('Say what to check against'),
    ]);
  });

  test('flags that npm kept are given back with its path', async () => {
    const path = join(folder, write(source()));
    const kept = { npm_lifecycle_event: 'bench', npm_config_clients: 'true' };
    const { code, err } = await command(['bench', path, '50'], kept);
    expect(code).toBe(2);
    expect(err).toContain(`npm run bench ${path} -- --clients 50`);
  });

  test('list shows it, as text and as JSON; and a built-in one by its name', async () => {
    const path = join(folder, write(source()));
    const { out } = await command(['list', path]);
    expect(out).toMatch(/mine +Does it go\?\s+--clients 10 +clients \(1 … 100\)/);
    expect(out).not.toContain('latency.p50');
    const listed = JSON.parse((await command(['list', path, '--json'])).out) as unknown;
    expect(listed).toMatchObject({ scenarios: [{ name: 'mine', params: { clients: {} } }] });
    expect((await command(['list', 'idle'])).out).toContain('--settle 2s');
    expect(await command(['list', 'idel'])).toMatchObject({
      code: 2,
      err: expect.stringContaining("Did you mean 'idle'?"),
    });
  });

  test('check says why it does not take a search', async () => {
    const path = join(
      folder,
      write(
        source({
          search:
            "() => ({ param: 'clients', unit: 'count', objective: 'reach=1', from: 1, to: 10, factor: 2, resolution: 0.1, retries: 0 })",
        }),
      ),
    );
    const { code, err } = await command(['check', path, '--assert', 'reach=1']);
    expect(code).toBe(2);
    expect(err).toContain(`${path} has a search or a sweep instead.`);
  });

  test('a file that cannot be loaded is one sentence and a hint, whatever the command', async () => {
    for (const name of ['bench', 'check', 'list']) {
      const { code, err } = await command([name, './no-such.scenario.ts']);
      expect(code).toBe(2);
      expect(err).toMatch(/^pushbench: .* there is no such file .*\n {2}docs\/api\.md .*\n$/);
    }
  });

  test('no option of bench or check can be taken for a parameter', async () => {
    const helps = await Promise.all(
      ['bench', 'check'].map(async (name) => (await command([name, 'broadcast', '--help'])).out),
    );
    const options = helps.flatMap((text) => [...text.matchAll(/^ {2}(?:-\w, )?--([\w-]+)/gm)]);
    const names = options.map((match) => match[1] ?? '');
    expect(names).toContain('rounds');
    const own = Object.keys(scenarios.broadcast.params);
    expect(names.filter((name) => !reservedOptions.has(name) && !own.includes(name))).toEqual([]);
  });
});
