/** `list`: what there is to run and to measure, each with its one line. */
import Table from 'cli-table3';
import { exitCodes } from '../core/errors.ts';
import type { Param, Params } from '../core/params.ts';
import { formatParam } from '../core/params.ts';
import type { Scenario } from '../core/scenario.ts';
import type { Transport } from '../core/transport.ts';
import { PLAIN_TABLE } from '../reports/formats/plain-table.ts';
import { allMetrics } from '../reports/metrics/registry.ts';
import { scenarios } from '../scenarios/registry.ts';
import { transports } from '../transports/registry.ts';
import type { CommandFactory } from './commands.ts';

export const list: CommandFactory = (program, io, finish) => {
  program
    .command('list')
    .description('scenarios, transports and metrics, each with its question or meaning')
    .option('--json', 'print them as one JSON document')
    .action((flags: { json?: true }) => {
      io.out(flags.json === true ? `${JSON.stringify(asJson())}\n` : asText());
      finish(exitCodes.passed);
    });
};

function asJson() {
  return {
    scenarios: Object.values<Scenario>(scenarios).map(({ name, question, params }) => ({
      name,
      question,
      params,
    })),
    transports: Object.entries<Transport>(transports).map(
      ([name, { title, explain, role, clients }]) => ({
        name,
        title,
        explain,
        role,
        clients: Object.keys(clients).filter(
          (kind) => typeof clients[kind as keyof typeof clients] === 'function',
        ),
      }),
    ),
    metrics: allMetrics.map(([id, { title, unit, better, explain }]) => ({
      id,
      title,
      unit,
      better,
      explain,
    })),
  };
}

function asText(): string {
  const sections = [
    ['Scenarios (npm run bench <name>)', Object.values<Scenario>(scenarios).flatMap(scenarioRows)],
    [
      'Transports (--arms a,b)',
      Object.entries<Transport>(transports).map(([name, { explain }]) => [name, explain]),
    ],
    [
      'Metrics (↓ lower is better, ↑ higher is better)',
      allMetrics.map(([id, { better, explain }]) => [
        `${id} ${better === 'lower' ? '↓' : '↑'}`,
        explain,
      ]),
    ],
  ] as const;
  return sections.map(([title, rows]) => `${title}\n${grid(rows)}\n`).join('\n');
}

function scenarioRows({ name, question, params }: Scenario): string[][] {
  return [[name, question], ...paramRows(params)];
}

function paramRows(params: Params): string[][] {
  return Object.entries(params).map(([name, param]) => [
    `  --${name} ${formatParam(param, param.default)}`,
    describe(param),
  ]);
}

function describe(param: Param): string {
  if (param.type === 'choice') return `${param.help} (${param.choices.join(', ')})`;
  if (param.type === 'text') return param.help;
  return `${param.help} (${formatParam(param, param.min)} … ${formatParam(param, param.max)})`;
}

function grid(rows: readonly (readonly string[])[]): string {
  const table = new Table(PLAIN_TABLE);
  table.push(...rows.map((row) => [...row]));
  return table.toString();
}
