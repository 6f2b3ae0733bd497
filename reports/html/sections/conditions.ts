/** Under which conditions the run was made: arms, load, options, machine; each fact once. */
import type { Arm, RunResult } from '../../../core/result.ts';
import { formatBytes } from '../../../core/units.ts';
import { paramText } from '../../param-text.ts';
import type { ArmLook } from '../arm-look.ts';
import { armTag } from '../arm-look.ts';
import type { Content, Markup } from '../markup.ts';
import { html } from '../markup.ts';
import { shareText } from '../share-text.ts';
import { table, words } from '../table.ts';

type Fact = readonly [name: string, value: Content];

const ARM_FIELDS = [
  'transport',
  'client',
  'target',
  'route',
  'role',
] as const satisfies readonly (keyof Arm)[];

export function conditionsSection(run: RunResult, looks: readonly ArmLook[]): Markup {
  const shared = ARM_FIELDS.filter(
    (field) => new Set(run.arms.map((arm) => arm[field])).size === 1,
  );
  const different = ARM_FIELDS.filter((field) => !shared.includes(field));
  const [first] = run.arms;
  const load: Fact[] = [
    ...Object.entries(run.params).map(
      ([name, value]): Fact => [name, settingText(run, name, value)],
    ),
    ...(first === undefined
      ? []
      : shared.map((field): Fact => [`${field} of all arms`, first[field]])),
  ];
  return html`<section id="conditions" aria-labelledby="conditions-title"><h2 id="conditions-title">Conditions</h2>
<h3>Arms</h3>
${table({
  label: 'Arms and what they differ in',
  columns: [words('arm'), words('name'), ...different.map((field) => words(field))],
  rows: looks.map((look) => [
    armTag(look),
    html`<code>${look.arm.name}</code>`,
    ...different.map((field) => look.arm[field]),
  ]),
})}
${routesOf(run)}<div class="columns"><div><h3>Load, the same for every arm</h3>${factTable('Parameters of the load', load)}</div>
<div><h3>Method</h3>${factTable('Options of the run', optionsOf(run))}</div></div>
${serversOf(run)}<h3>Machine</h3>
${factTable('Environment', environmentOf(run))}
</section>`;
}

/** Servers that are not ours, where there are any. */
function serversOf({ targets = [] }: RunResult): Content {
  if (targets.length === 0) return undefined;
  return html`<h3>Servers</h3>
${table({
  label: 'Servers that were measured, by their target files',
  columns: ['server', 'name', 'file', 'speaks', 'messages get in by', 'started'].map((name) =>
    words(name),
  ),
  rows: targets.map(({ name, title, file, hash, transports, publish, started }) => [
    title,
    html`<code>${name}</code>`,
    html`<code>${file}</code> (${hash})`,
    transports.join(', '),
    publish,
    started ? 'for each trial' : 'before the run',
  ]),
})}
`;
}

/** What the names of routes stand for, with the whole configuration of a proxy; nothing where all is direct. */
function routesOf({ routes = [] }: RunResult): Markup | undefined {
  if (routes.length === 0) return undefined;
  return html`<h3>Routes</h3>
${factTable(
  'What is between clients and server',
  routes.map(
    ({ name, says, version, config }): Fact => [
      name,
      config === undefined
        ? says
        : html`${says}, version ${version ?? 'unknown'}<details><summary>configuration</summary><pre>${config}</pre></details>`,
    ],
  ),
)}
`;
}

const factTable = (label: string, facts: readonly Fact[]): Markup =>
  table({ label, columns: [words('what'), words('value')], rows: facts, unseenHead: true });

export function settingText(run: RunResult, name: string, value: number | string): string {
  const swept = run.points.flatMap((point) => point[name] ?? []);
  return swept.length === 0
    ? paramText(run.scenario, name, value)
    : `swept: ${[...new Set(swept)].map((one) => paramText(run.scenario, name, one)).join(', ')}`;
}

function optionsOf({ options, startedAt, finishedAt, tool }: RunResult): Fact[] {
  return [
    ['rounds', options.rounds],
    ['margin', shareText(options.margin)],
    ['client', options.client],
    ['generator processes', options.workers],
    ['injected faults', options.inject ?? 'none'],
    ['seed of the order and the arrivals', options.seed],
    ['started', timeText(startedAt)],
    ['finished', finishedAt === undefined ? 'never' : timeText(finishedAt)],
    ['pushbench', `${tool.version}${tool.commit === undefined ? '' : `, commit ${tool.commit}`}`],
  ];
}

function environmentOf({ environment }: RunResult): Fact[] {
  return [
    ['processor', environment.cpu],
    ['cores', environment.cores],
    ['memory', formatBytes(environment.memoryBytes)],
    ['virtualization', environment.virtualization ?? 'none found'],
    ['operating system', environment.os],
    ['kernel', environment.kernel],
    ['Node', environment.node],
    ['pinning', environment.pinning],
    ...Object.entries(environment.packages).map(([name, version]): Fact => [name, version]),
    ...Object.entries(environment.proxies ?? {}).map(([name, version]): Fact => [name, version]),
    ['fingerprint', html`<code>${environment.fingerprint}</code>`],
  ];
}

/** '2026-03-01 12:00:05 UTC': the same for every reader. */
export function timeText(iso: string): string {
  return iso.replace('T', ' ').replace(/(\.\d+)?Z$/, ' UTC');
}
