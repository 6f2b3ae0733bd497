/**
 * Limits that are known before, found by a search. The machine has to be quiet: what disturbs a step is run again,
 * and a search that is disturbed all the time names the machine.
 */
import { expect, test } from 'vitest';
import type { SearchRecord } from '../../core/records/search.ts';
import { runResultSchema } from '../../core/result.ts';
import { searchText } from '../../reports/search-text.ts';
import { runProgram, temporaryFolder } from '../program.ts';

const out = temporaryFolder();

async function search(args: string): Promise<SearchRecord> {
  const { stdout, stderr, code } = await runProgram([
    'bench',
    'capacity',
    ...`--arms ws --retries 4 --warmup 200ms --json ${args} --out`.split(' '),
    out,
  ]);
  expect([0, 5], stderr).toContain(code);
  const [found] = runResultSchema.parse(JSON.parse(stdout)).searches ?? [];
  if (found === undefined) throw new Error(`nothing was searched:\n${stderr}`);
  return found;
}

test('a server that burns 1 ms for each delivery to 20 clients ends near 50 broadcasts a second', async () => {
  // 20 ms of CPU a broadcast; what the server does beside takes some per cent more. The objective is lax: within
  // 1.5 s a queue that grows by a third a second would keep to it, at 66/s.
  const found = await search(
    '--inject cpu=1ms --clients 20 --rate 20/s --max-rate 200/s --resolution 25% --duration 1500ms --objective latency.p99<500ms',
  );
  const { end, lastPass = 0, firstFail = 0, stop } = found;
  const says = searchText(found);
  expect([end, stop.cause], says).toEqual(['bracketed', 'server']);
  // Not above what the CPU allows, but for the 2 % that a backlog may grow by unseen; and not further below it
  // than the resolution, 10 % for what the server does beside, and as much for a shared machine.
  expect(lastPass, says).toBeLessThanOrEqual(51);
  expect(lastPass, says).toBeGreaterThanOrEqual(33);
  expect(firstFail, says).toBeGreaterThanOrEqual(40);
});

test('a generator that is the first at its limit is named, and the server’s limit only said to be higher', async () => {
  // Of 80 % that are allowed, 70 % are burnt; a server that does nothing else has not begun to be busy.
  const found = await search(
    '--inject generator=70% --clients 50 --rate 20/s --step 4 --max-rate 20000/s --resolution 100% --duration 1s --objective reach=1',
  );
  const { end, lastPass = 0, stop } = found;
  expect([end, stop.cause], searchText(found)).toEqual(['limited', 'generator']);
  expect(lastPass).toBeGreaterThanOrEqual(20);
  expect(searchText(found)).toMatch(/^≥ [\d,.]+\/s \(generator-limited: the generator/);
});
