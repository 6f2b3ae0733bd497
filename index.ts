/** What other programs import as `pushbench`: runs, and typed definitions of scenarios and targets. */
export { defineScenario } from './core/scenario.ts';
export { defineTarget } from './core/target.ts';
