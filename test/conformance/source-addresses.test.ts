/** Clients that are more than one address has ports for connect from several, and the server sees them there. */
import { describe, expect, test } from 'vitest';
import { sourceOf } from '../../loadgen/connect-query.ts';
import { manySources } from '../../loadgen/limits.ts';
import { transports } from '../../transports/registry.ts';
import { createRecorder } from '../recorder.ts';
import { openWatched } from './watched-server.ts';

const SOURCES = 3;
const isPossible = manySources(process.platform) > 1;
const why = isPossible ? '' : ' (skipped: only Linux has all of 127.0.0.0/8)';

describe.each(Object.entries(transports))('over %s', (_, transport) => {
  test.skipIf(!isPossible)(`clients come from one address after the other${why}`, async () => {
    const server = await openWatched(transport);
    for (let client = 0; client < SOURCES + 1; client += 1) {
      const recorder = createRecorder();
      const connection = await server.connect('lean', recorder, client, {
        ...sourceOf(client, SOURCES),
      });
      server.hub.publish({ data: Buffer.from(`to ${client}`), kind: 'text' });
      // A connection that only looked as if it had another address would have no way back.
      expect(await recorder.received(client, 1)).toHaveLength(1);
      connection.close();
    }
    expect(server.addresses).toEqual(['127.0.0.1', '127.0.0.2', '127.0.0.3', '127.0.0.1']);
  });
});
