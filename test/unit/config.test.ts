/** The configuration file: what is taken from it, and what is said of one that cannot be used. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { configured, loadConfig } from '../../cli/config.ts';
import type { Scenario } from '../../core/scenario.ts';
import { broadcast } from '../../scenarios/broadcast.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pushbench-config-'));
});
afterEach(() => rmSync(folder, { recursive: true }));
const write = (name: string, text: string): void => writeFileSync(join(folder, name), text);

describe('a file', () => {
  it('that is not there configures nothing', async () => {
    expect(await loadConfig(folder)).toEqual({});
  });

  it('in TypeScript is read, types and all', async () => {
    write(
      'pushbench.config.ts',
      `const clients: number = 200;
       export default { defaults: { clients }, check: { broadcast: { assert: ['reach=1'] } } };`,
    );
    expect(await loadConfig(folder)).toEqual({
      defaults: { clients: 200 },
      check: { broadcast: { assert: ['reach=1'] } },
    });
  });

  it('in JSON is read', async () => {
    write('pushbench.config.json', '{"scenarios":{"chat":{"rate":"10/s"}}}');
    expect(await loadConfig(folder)).toEqual({ scenarios: { chat: { rate: '10/s' } } });
  });

  it.each([
    ['{', 'JSON'],
    ['{"default":{}}', 'default'],
    ['{"defaults":{"clients":[1]}}', 'defaults.clients'],
    ['{"check":{"broadcast":{"asert":[]}}}', 'check.broadcast'],
  ])('%s is refused, with where', async (text, says) => {
    write('pushbench.config.json', text);
    const refused = loadConfig(folder);
    await expect(refused).rejects.toThrow(`${folder}/pushbench.config.json cannot be used`);
    await expect(refused).rejects.toThrow(says);
  });

  it.each([
    ['{"default":{}}', "there is no field 'default'; the nearest is 'defaults'", ''],
    ['{"defaults":{"clintes":9}}', "defaults: there is no option 'clintes'", 'clients'],
    ['{"scenarios":{"brodcast":{}}}', "scenarios: there is no scenario 'brodcast'", 'broadcast'],
    ['{"check":{"boradcast":{}}}', "check: there is no scenario 'boradcast'", 'broadcast'],
  ])('%s is a slip, and the nearest name is told', async (text, problem, nearest) => {
    write('pushbench.config.json', text);
    await expect(loadConfig(folder)).rejects.toMatchObject({
      message: expect.stringContaining(problem),
      hint: expect.stringContaining(nearest === '' ? 'docs/gate.md' : `Did you mean '${nearest}'?`),
    });
  });

  it('may speak of a scenario of somebody’s own and of its parameters', async () => {
    write('pushbench.config.json', '{"scenarios":{"brodcast":{}},"defaults":{"clintes":1}}');
    const own = {
      ...broadcast,
      name: 'brodcast',
      params: { clintes: broadcast.params.clients },
    } as unknown as Scenario;
    expect(await loadConfig(folder, [own])).toMatchObject({ defaults: { clintes: 1 } });
    write('pushbench.config.json', '{"scenarios":{"warehouse":{"pallets":3}}}');
    expect(await loadConfig(folder)).toEqual({ scenarios: { warehouse: { pallets: 3 } } });
  });

  it('that throws is refused with what it says', async () => {
    write('pushbench.config.mjs', 'throw new Error("no luck today");');
    await expect(loadConfig(folder)).rejects.toThrow('no luck today');
  });

  it('beside another one is refused: which of them counts would be a guess', async () => {
    write('pushbench.config.json', '{}');
    write('pushbench.config.ts', 'export default {};');
    await expect(loadConfig(folder)).rejects.toThrow('is there as well');
  });
});

describe('values', () => {
  const config = { defaults: { clients: 200, depth: 3 }, scenarios: { chat: { clients: '5' } } };

  it('for all scenarios are taken where they mean something, under those of one', () => {
    expect(configured(config, 'broadcast', ['clients'])).toEqual({ clients: '200' });
    expect(configured(config, 'chat', ['clients'])).toEqual({ clients: '5' });
  });

  it('of one scenario have to be options of it', () => {
    expect(() => configured(config, 'chat', ['rate'])).toThrow("there is no option 'clients'");
  });
});
