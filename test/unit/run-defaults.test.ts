/** What `--help` says that an option comes to is what a run without it does. */
import { describe, expect, test } from 'vitest';
import { optionOfNeed, runParams } from '../../cli/options.ts';
import { readRequest } from '../../cli/request.ts';
import { runDefaults } from '../../cli/run-defaults.ts';
import { fault } from '../../core/errors.ts';
import { formatParam } from '../../core/params.ts';
import type { Scenario, ServerNeeds } from '../../core/scenario.ts';
import { defineScenario } from '../../core/scenario.ts';
import { scenarios } from '../../scenarios/registry.ts';
import { command } from '../command.ts';

const all = Object.values<Scenario>(scenarios);
const options = Object.entries(optionOfNeed) as [keyof ServerNeeds, keyof typeof runParams][];

/** One text per option, on one line. */
async function helpOf(...words: readonly string[]): Promise<Map<string, string>> {
  const { out } = await command([...words, '--help']);
  const blocks = out.split(/\n {2}(?=-)/).map((block) => block.replace(/\s+/g, ' '));
  return new Map(blocks.map((block) => [/^--([\w-]+)/.exec(block)?.[1] ?? '', block]));
}

describe.each(all.map((scenario) => ({ scenario, name: scenario.name })))(
  'of $name',
  ({ scenario }) => {
    test('the defaults are those of a run', async () => {
      const help = await helpOf('bench', scenario.name);
      const asked = readRequest(scenario, {}, { quick: false, tls: false });
      const server = asked.server({});
      for (const [need, option] of options) {
        if (option === undefined) continue;
        const value = formatParam(runParams[option], server[need]);
        expect(help.get(option), option).toMatch(new RegExp(`\\(default ${value}[,)]`));
      }
      expect(help.get('rounds')).toContain(`(default ${asked.rounds},`);
    });

    test('with --quick they are those of a quick run', async () => {
      const help = await helpOf('bench', scenario.name);
      const server = readRequest(scenario, {}, { quick: true, tls: false }).server({});
      const usual = readRequest(scenario, {}, { quick: false, tls: false }).server({});
      for (const [need, option] of options) {
        if (option === undefined) continue;
        const value = formatParam(runParams[option], server[need]);
        const says = server[need] === usual[need] ? 'not at all' : `with --quick ${value},`;
        expect(help.get(option)?.includes('with --quick'), option).toBe(says !== 'not at all');
        if (says !== 'not at all') expect(help.get(option), option).toContain(says);
      }
    });
  },
);

test('a default that follows parameters of the scenario says which', async () => {
  const reconnect = await helpOf('bench', 'reconnect');
  expect(reconnect.get('heartbeat')).toContain('(default 666ms, which follows --silence, ');
  expect(reconnect.get('replay')).toContain('(default 10000, which follows --resume, ');
  const restart = await helpOf('bench', 'restart');
  expect(restart.get('processes')).toContain('(default 2, 1 … 64)');
});

test('a gate says the same of the server as a bench', async () => {
  const help = await helpOf('check', 'reconnect');
  expect(help.get('heartbeat')).toContain('(default 666ms, which follows --silence, ');
});

test('an option that the scenario settles itself says by what', () => {
  const settling = { ...scenarios.broadcast, settles: { heartbeat: 'rate' } };
  expect(runDefaults(settling, runParams).origins).toEqual({
    heartbeat: 'settled by --rate alone',
  });
});

test('values that a scenario refuses are nothing that a default could follow', () => {
  const picky = defineScenario({
    name: 'picky',
    question: 'Does it get what it needs?',
    params: { kept: { type: 'count', default: 5, min: 0, max: 100, help: 'messages kept' } },
    quick: {},
    phases: () => [],
    server: ({ kept }) => {
      if (kept !== 5) throw fault('bad-value', { flag: '--kept', problem: 'it has to be 5' });
      return { replay: kept };
    },
    headline: [],
    explore: '',
  });
  const { params, origins } = runDefaults(picky, runParams);
  expect(params['replay']?.default).toBe(5);
  expect(origins).toEqual({});
});
