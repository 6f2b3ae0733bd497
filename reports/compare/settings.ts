/** What runs were made with: settings that all of them share, and those in which they differ, in words. */
import type { RunResult } from '../../core/result.ts';
import { policyTimesBefore } from '../../core/result.ts';
import { formatBytes, formatDurationMs } from '../../core/units.ts';
import { settingText } from '../html/sections/conditions.ts';
import { shareText } from '../html/share-text.ts';

export type SettingGroup = 'load' | 'method' | 'tool' | 'machine';

export interface Setting {
  readonly group: SettingGroup;
  readonly name: string;
  /** One text per run, in the order of the runs; all equal where the setting is shared. */
  readonly values: readonly string[];
}

export interface Settings {
  readonly shared: readonly Setting[];
  readonly different: readonly Setting[];
}

export function settingsOf(runs: readonly RunResult[]): Settings {
  const facts = runs.map(factsOf);
  const names = [...new Set(facts.flatMap((one) => [...one.keys()]))];
  const all = names.map((name): Setting => {
    const found = facts.map((one) => one.get(name));
    const group = found.find((one) => one !== undefined)?.group ?? 'method';
    return { group, name, values: found.map((one) => one?.text ?? '–') };
  });
  const isShared = ({ values }: Setting): boolean => new Set(values).size === 1;
  return { shared: all.filter(isShared), different: all.filter((one) => !isShared(one)) };
}

/** Those of one group that differ, as 'rate 50/s and 100/s'. */
export function differencesIn({ different }: Settings, ...groups: SettingGroup[]): string[] {
  return different
    .filter(({ group }) => groups.includes(group))
    .map(({ name, values }) => `${name} ${[...new Set(values)].join(' and ')}`);
}

interface Fact {
  readonly group: SettingGroup;
  readonly text: string;
}

function factsOf(run: RunResult): Map<string, Fact> {
  const { options, environment, tool, arms } = run;
  const facts: (readonly [SettingGroup, string, string | number | undefined])[] = [
    ...Object.entries(run.params).map(
      ([name, value]) => ['load', name, settingText(run, name, value)] as const,
    ),
    ...arms.map((arm) => ['load', `arm ${arm.name}`, armText(arm)] as const),
    ['load', 'script of the scenario', run.scenario.hash],
    ...(run.routes ?? []).map(({ name, says }) => ['load', `route ${name}`, says] as const),
    ['load', 'client', options.client],
    ['load', 'slow sessions', slowText(options)],
    ['load', 'messages kept per room', options.replay],
    ['load', 'TLS', options.tls === true ? 'yes' : 'no'],
    ['load', 'upstream connections', options.connections],
    ['load', 'pipelining', options.pipelining],
    ['load', 'injected faults', options.inject ?? 'none'],
    ['method', 'rounds', options.rounds],
    ['method', 'margin', shareText(options.margin)],
    ['method', 'seed', options.seed],
    ['method', 'generator processes', options.workers],
    ['tool', 'pushbench', tool.version],
    ...(run.targets ?? []).map(
      ({ name, file, hash }) => ['tool', `target ${name}`, `${file} (${hash})`] as const,
    ),
    ['tool', 'commit', tool.commit ?? 'unknown'],
    ['machine', 'processor', environment.cpu],
    ['machine', 'cores', environment.cores],
    ['machine', 'memory', formatBytes(environment.memoryBytes)],
    ['machine', 'virtualization', environment.virtualization ?? 'none found'],
    ['machine', 'operating system', environment.os],
    ['machine', 'kernel', environment.kernel],
    ['machine', 'Node', environment.node],
    ['machine', 'pinning', environment.pinning],
    ...Object.entries(environment.packages).map(
      ([name, version]) => ['machine', `package ${name}`, version] as const,
    ),
    ...Object.entries(environment.proxies ?? {}).map(
      ([name, version]) => ['machine', name, version] as const,
    ),
    ['machine', 'fingerprint', environment.fingerprint],
  ];
  return new Map(
    facts.flatMap(([group, name, value]) =>
      value === undefined ? [] : [[name, { group, text: String(value) }] as const],
    ),
  );
}

/** What happens to a slow session, and when, where that depends on a time. */
function slowText({ policy, blockMs, slowMs }: RunResult['options']): string | undefined {
  const before = policyTimesBefore;
  if (policy === 'block') return `${policy} for ${formatDurationMs(blockMs ?? before.blockMs)}`;
  if (policy === 'disconnect')
    return `${policy} after ${formatDurationMs(slowMs ?? before.slowMs)}`;
  return policy;
}

function armText({ title, transport, client, target, route }: RunResult['arms'][number]): string {
  return [title, transport, client, target, route].join(' · ');
}
