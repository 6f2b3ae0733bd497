/** `list`: what there is to run and to measure, each with its one line. */
import Table from 'cli-table3';
import { exitCodes, fault } from '../core/errors.ts';
import { nearestOf } from '../core/nearest.ts';
import type { Param, Params } from '../core/params.ts';
import { formatParam } from '../core/params.ts';
import type { Scenario } from '../core/scenario.ts';
import { refOf } from '../core/scenario.ts';
import type { Transport } from '../core/transport.ts';
import { PLAIN_TABLE } from '../reports/formats/plain-table.ts';
import { allMetrics } from '../reports/metrics/registry.ts';
import { scenarios } from '../scenarios/registry.ts';
import { transports } from '../transports/registry.ts';
import type { CommandFactory } from './listed-command.ts';
import { describeProxies, routeRows } from './route-list.ts';
import { scenariosIn } from './scenario-file.ts';

export const list: CommandFactory = async (command, io, finish) => {
  const own = await scenariosIn('list', io.args, process.cwd());
  command
    .argument('[scenario]', 'only this one: a name, or the path of a file such as ./my.scenario.ts')
    .option('--json', 'print them as one JSON document')
    .action((wanted: string | undefined, flags: { json?: true }) => {
      const shown = wanted === undefined ? undefined : [scenarioNamed(wanted, own)];
      if (flags.json === true) io.out(`${JSON.stringify(asJson(shown))}\n`);
      else io.out(shown === undefined ? asText() : `${grid(shown.flatMap(scenarioRows))}\n`);
      finish(exitCodes.passed);
    });
};

const targetRows: readonly (readonly string[])[] = [
  ['built-in', 'the push server of pushbench; taken where nothing else is named'],
  [
    './my.target.ts',
    'a server of your own, described by a target file: docs/targets.md; doctor --target goes through it',
  ],
];

/** @throws HarnessError `unknown-name` */
function scenarioNamed(name: string, own: readonly Scenario[]): Scenario {
  const all = [...Object.values<Scenario>(scenarios), ...own];
  const found = all.find((scenario) => refOf(scenario) === name);
  if (found !== undefined) return found;
  const known = all.map(refOf);
  throw fault('unknown-name', { what: 'scenario', name, nearest: nearestOf(name, known), known });
}

/** Of single scenarios: only those. */
function asJson(shown?: readonly Scenario[]) {
  const described = (shown ?? Object.values<Scenario>(scenarios)).map(
    ({ name, question, params }) => ({ name, question, params }),
  );
  if (shown !== undefined) return { scenarios: described };
  return {
    scenarios: described,
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
    routes: routeRows.map(([name, explain]) => ({ name, explain })),
    proxies: describeProxies(),
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
    ['Routes (--route a,b)', routeRows],
    ['Targets (--target a,b)', targetRows],
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
