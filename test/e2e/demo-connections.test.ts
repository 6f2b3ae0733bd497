/** What the demo page does with its connections: coming back after a cut, and as many as a browser opens. */
import { expect, test } from 'vitest';
import { describeInBrowser } from '../browser.ts';
import { newest, openConnected, startDemo } from '../demo.ts';

/** What Chromium logs about a stream that was cut; the page can neither cause nor prevent it. */
const CUT = 'Failed to load resource: net::ERR_INCOMPLETE_CHUNKED_ENCODING';

describeInBrowser('the connections of the demo page', (browser) => {
  test('a native EventSource says Last-Event-ID after a cut, and gets what it missed', async () => {
    const demo = await startDemo();
    const { page, complaints, sse } = await openConnected(browser(), demo);
    await demo.publish('before');
    await newest(sse, 'message', 'before');
    const session = await sse.part('session').getAttribute('title');
    const seen = await sse.root.locator('.event[data-name="message"] .id').first().textContent();
    const again = page.waitForRequest((request) => request.url().includes('/events?'));
    await sse.part('cut').click();
    await sse.is('waiting');
    for (const text of ['missed 1', 'missed 2', 'missed 3']) await demo.publish(text);
    await sse.says(
      'cut-outcome',
      /back after [\d,]+ ms as a new session, \d+ events replayed \(.*3 messages/,
    );
    await demo.publish('after');
    await newest(sse, 'message', 'after');

    const sent = (await (await again).allHeaders())['last-event-id'] ?? '';
    // At least what the last message had; the clock and the ticker go on meanwhile.
    const numberOf = (id: string): number => Number.parseInt(id.split('-').at(-1) ?? '', 36);
    expect(numberOf(sent)).toBeGreaterThanOrEqual(numberOf(seen ?? ''));
    expect(await sse.events('message', '.replayed')).toEqual(['missed 3', 'missed 2', 'missed 1']);
    expect(await sse.events('message')).toEqual([
      'after',
      'missed 3',
      'missed 2',
      'missed 1',
      'before',
    ]);
    expect(await sse.part('session').getAttribute('title')).not.toBe(session);
    expect(complaints.filter((one) => one !== CUT)).toEqual([]);
  });

  test.each(['sse', 'ws'] as const)(
    '%s comes back as the same session, and nothing is lost or twice',
    async (name) => {
      const demo = await startDemo();
      const { page, complaints, ...columns } = await openConnected(browser(), demo, {
        stopClock: true,
      });
      const column = columns[name];
      if (name === 'sse') await column.part('keeps-session').check();
      await demo.publish('before');
      await newest(column, 'message', 'before');
      const session = await column.part('session').getAttribute('title');
      await page.clock.pauseAt(Date.now() + 60_000);
      await column.part('cut').click();
      await column.is('waiting');
      for (const text of ['missed 1', 'missed 2', 'missed 3']) await demo.publish(text);
      const again = name === 'sse' ? page.waitForEvent('request') : page.waitForEvent('websocket');
      // The page waits for its own timer, so that nothing is replayed before everything was missed.
      await page.clock.runFor(1_000);
      await column.says('cut-outcome', /as the same session, \d+ events replayed \(.*3 messages/);
      const { searchParams } = new URL((await again).url());
      expect(searchParams.get('session')).toBe(session);
      expect(searchParams.get('last_event_id')).toMatch(/^[0-9a-f]+-[0-9a-z]+$/);
      await page.clock.resume();
      await demo.publish('after');
      await newest(column, 'message', 'after');
      expect(await column.events('message', '.replayed')).toEqual([
        'missed 3',
        'missed 2',
        'missed 1',
      ]);
      expect(await column.events('message')).toEqual([
        'after',
        'missed 3',
        'missed 2',
        'missed 1',
        'before',
      ]);
      expect(await column.part('session').getAttribute('title')).toBe(session);
      expect(complaints.filter((one) => one !== CUT)).toEqual([]);
    },
  );

  test('six EventSources open at the same time, and more WebSockets than that', async () => {
    const { page, complaints } = await openConnected(browser(), await startDemo());
    await page.getByRole('button', { name: 'Open EventSources' }).click();
    const says = page.locator('[data-part="limit-sse-outcome"]', { hasText: 'within 1 s' });
    await says.waitFor();
    expect(await says.textContent()).toMatch(/^6 EventSources open at the same time/);
    await page.getByRole('button', { name: 'Open 20 WebSockets' }).click();
    await page
      .locator('[data-part="limit-ws-outcome"]', { hasText: '21 WebSockets open' })
      .waitFor();
    expect(complaints).toEqual([]);
  });
});
