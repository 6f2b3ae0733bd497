/** Runs once before the tests: end-to-end tests start the compiled program, so it must be current. */
import { execFileSync } from 'node:child_process';

export default function build(): void {
  // What runs in Node, and the pages of the demo and of the viewer.
  for (const project of ['.', 'servers/demo', 'reports/viewer']) {
    execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', project], {
      stdio: 'inherit',
    });
  }
}
