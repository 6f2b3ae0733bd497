/**
 * A gate's outcome as JUnit XML, one test case for each metric and limit, as CI systems show them. What
 * is unclear is no failure; it is there as output of a case that passed.
 */
import type { GateRecord } from '../../core/records/gate.ts';
import { html } from '../html/markup.ts';
import { limitText } from './words.ts';

export function gateJunit(gate: GateRecord, scenario: string): string {
  const cases = [
    ...gate.findings.map(({ metric, state, says }) => ({
      name: metric,
      says,
      failed: state === 'regressed',
      missing: state === 'no-data',
    })),
    ...gate.assertions.map((one) => ({
      name: limitText(one),
      says: one.says,
      failed: one.state === 'broken',
      missing: one.state === 'no-data',
    })),
  ];
  if (cases.length === 0) {
    cases.push({ name: 'same build', says: gate.says, failed: false, missing: false });
  }
  const failures = cases.filter(({ failed }) => failed).length;
  const errors = cases.filter(({ missing }) => missing).length;
  // The same five characters are special in XML, so the templates of HTML escape it as well.
  const suite = html`<testsuite name="pushbench ${scenario}" tests="${cases.length}" failures="${failures}" errors="${errors}">
${cases.map(
  ({ name, says, failed, missing }) =>
    html`  <testcase classname="pushbench.${scenario}" name="${name}">
    ${
      failed
        ? html`<failure message="${says}"/>`
        : missing
          ? html`<error message="${says}"/>`
          : html`<system-out>${says}</system-out>`
    }
  </testcase>
`,
)}</testsuite>
`;
  return `<?xml version="1.0" encoding="UTF-8"?>\n${suite}`;
}
