/** The server that studies and probes of a path put behind it, for tests that look at its end. */
import type { TestContext } from 'vitest';
import { onTestFinished } from 'vitest';
import type { Origin } from '../loadgen/probing/origin.ts';
import { startOrigin } from '../loadgen/probing/origin.ts';

/** Closed when the test is over. @param atEnd of its context, where tests run beside each other */
export async function startTestOrigin(
  atEnd: TestContext['onTestFinished'] = onTestFinished,
): Promise<Origin> {
  const origin = await startOrigin();
  atEnd(() => origin.close());
  return origin;
}
