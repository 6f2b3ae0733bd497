/** A scenario in a file of its own: tells its path from a name, and loads it. */
import { resolve } from 'node:path';
import { fault } from '../core/errors.ts';
import type { Scenario } from '../core/scenario.ts';
import { loadUserModule } from './user-module.ts';

/** Names of scenarios have neither dots nor slashes. */
export function isScenarioPath(word: string): boolean {
  return !word.startsWith('-') && /[./\\]/.test(word);
}

/**
 * The scenarios that the arguments of a command name by a path: one, or none.
 * @throws HarnessError `scenario-unusable`
 */
export async function scenariosIn(
  command: string,
  [first, word = '']: readonly string[],
  folder: string,
): Promise<Scenario[]> {
  if (first !== command || !isScenarioPath(word)) return [];
  return [await loadScenario(word, folder)];
}

/**
 * @param path as it was written, from `folder`
 * @throws HarnessError `scenario-unusable`
 */
export async function loadScenario(path: string, folder: string): Promise<Scenario> {
  const unusable = (problem: string) => fault('scenario-unusable', { place: path, problem });
  if (/\.json$/i.test(path)) {
    throw unusable(
      'phases is a function of the parameter values, which JSON cannot hold; write it as .ts or .js',
    );
  }
  const module = await loadUserModule(resolve(folder, path));
  if ('problem' in module) throw unusable(module.problem);
  const { exports } = module;
  if (!('default' in exports)) {
    const others = Object.keys(exports);
    throw unusable(
      `it has no default export${others.length === 0 ? '' : ` (only ${others.join(', ')})`}; write export default defineScenario({ … })`,
    );
  }
  // Loaded where there is such a file: most commands are about scenarios of ours, which need no checking.
  const { checkScenario } = await import('./scenario-check.ts');
  return checkScenario(exports['default'], path);
}
