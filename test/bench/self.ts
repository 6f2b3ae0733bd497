/**
 * `npm run bench:self`: pushbench measured by its own rules. Prints ratios of one run, since absolute
 * times mean little on a shared machine; `--json` prints a list of findings; names select parts
 * (`npm run bench:self receive server`); PUSHBENCH_SELF_ROUNDS sets the number of paired rounds.
 */
import Table from 'cli-table3';
import type { Supervisor } from '../../loadgen/child-process.ts';
import { createSupervisor } from '../../loadgen/child-process.ts';
import { pinSelf, planCores } from '../../loadgen/pinning.ts';
import { PLAIN_TABLE } from '../../reports/formats/plain-table.ts';
import { benchCodec } from './codec.ts';
import { benchCommands } from './commands.ts';
import type { Finding } from './finding.ts';
import { benchMemory } from './memory.ts';
import { benchReceive } from './receive.ts';
import { benchReplay } from './replay.ts';
import { benchRequest } from './request-cost.ts';
import { benchServer } from './server-cost.ts';

type Part = (
  supervisor: Supervisor,
  rounds: number,
  log: (text: string) => void,
) => Promise<Finding[]>;

const parts = {
  codec: benchCodec,
  memory: benchMemory,
  receive: benchReceive,
  request: benchRequest,
  replay: benchReplay,
  server: benchServer,
  commands: benchCommands,
} satisfies Record<string, Part>;

const ROUNDS = Number(process.env['PUSHBENCH_SELF_ROUNDS'] ?? 8);

const args = process.argv.slice(2);
const json = args.includes('--json');
const names = args.filter((arg) => !arg.startsWith('--'));
const unknown = names.filter((name) => !Object.hasOwn(parts, name));
if (unknown.length > 0) {
  process.stderr.write(
    `bench:self has no part '${unknown[0]}'. Parts: ${Object.keys(parts).join(', ')}.\n`,
  );
  process.exit(2);
}

const supervisor = createSupervisor();
const stop = (): void => {
  supervisor.close();
  process.exit(130);
};
process.once('SIGINT', stop);
process.once('SIGTERM', stop);
pinSelf(planCores().generator);
try {
  const findings: Finding[] = [];
  for (const [name, run] of Object.entries<Part>(parts)) {
    if (names.length > 0 && !names.includes(name)) continue;
    findings.push(...(await run(supervisor, ROUNDS, (text) => process.stderr.write(`${text}\n`))));
  }
  process.stdout.write(json ? `${JSON.stringify(findings)}\n` : `${tableOf(findings)}\n`);
  process.exitCode = findings.some(({ state }) => state === 'missed') ? 1 : 0;
} finally {
  supervisor.close();
}

function tableOf(findings: readonly Finding[]): string {
  const table = new Table(PLAIN_TABLE);
  for (const { id, value, unit, limit, state, says } of findings) {
    const mark = limit === undefined ? '' : state === 'missed' ? 'MISSED' : state;
    const figure = `${value.toLocaleString('en-US', { maximumFractionDigits: 2 })} ${unit}`;
    table.push([
      mark,
      id,
      figure,
      limit === undefined ? '' : `limit ${limit.toLocaleString('en-US')}`,
      says,
    ]);
  }
  return table.toString();
}
