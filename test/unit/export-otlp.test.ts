/** A push to a collector: a real HTTP receiver reads what the official exporter sends. */
import type { IncomingHttpHeaders } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import type { RunResult } from '../../core/result.ts';
import { metricsUrl, otlp } from '../../reports/export/formats/otlp.ts';
import { LATENCY_BOUNDS } from '../../reports/export/latency-buckets.ts';
import { recorded } from '../compared-runs.ts';

const attributes = z
  .array(
    z.object({
      key: z.string(),
      value: z.union([
        z.object({ stringValue: z.string() }),
        z.object({ intValue: z.number() }),
        z.object({ doubleValue: z.number() }),
      ]),
    }),
  )
  .transform((all) =>
    Object.fromEntries(all.map(({ key, value }) => [key, Object.values(value)[0]])),
  );
const nanoseconds = z.string().regex(/^\d{19}$/);
const point = { attributes, startTimeUnixNano: nanoseconds, timeUnixNano: nanoseconds };
/** As the protocol has it: https://opentelemetry.io/docs/specs/otlp/ */
const requestSchema = z.object({
  resourceMetrics: z.array(
    z.object({
      resource: z.object({ attributes }),
      scopeMetrics: z.array(
        z.object({
          scope: z.object({ name: z.string(), version: z.string() }),
          metrics: z.array(
            z.object({
              name: z.string(),
              description: z.string(),
              unit: z.string(),
              gauge: z
                .object({ dataPoints: z.array(z.object({ ...point, asDouble: z.number() })) })
                .optional(),
              histogram: z
                .object({
                  aggregationTemporality: z.literal(2),
                  dataPoints: z.array(
                    z.object({
                      ...point,
                      count: z.number(),
                      sum: z.number(),
                      min: z.number(),
                      max: z.number(),
                      bucketCounts: z.array(z.number()),
                      explicitBounds: z.array(z.number()),
                    }),
                  ),
                })
                .optional(),
            }),
          ),
        }),
      ),
    }),
  ),
});

interface Received {
  readonly path: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Until the test is over. */
async function collector(status: number) {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => {
      body += text;
    });
    request.on('end', () => {
      received.push({ path: request.url, headers: request.headers, body });
      response.writeHead(status, { 'Content-Type': 'application/json' }).end('{}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, received };
}

async function pushed(run: RunResult) {
  const { url, received } = await collector(200);
  expect(await otlp.write(run, url)).toEqual([`${url}/v1/metrics`]);
  expect(received).toHaveLength(1);
  const [one] = received;
  expect(one?.path).toBe('/v1/metrics');
  expect(one?.headers['content-type']).toBe('application/json');
  const [resource] = requestSchema.parse(JSON.parse(one?.body ?? '')).resourceMetrics;
  if (resource === undefined) throw new Error('nothing was pushed');
  const metrics = resource.scopeMetrics.flatMap((scope) => scope.metrics);
  return { resource, metrics, named: (name: string) => metrics.find((all) => all.name === name) };
}

describe('a push by OTLP', () => {
  test('says who it is of, and on which machine', async () => {
    const { resource } = await pushed(recorded);
    expect(resource.resource.attributes).toMatchObject({
      'service.name': 'pushbench',
      'service.version': recorded.tool.version,
      'service.instance.id': recorded.id,
      'vcs.ref.head.revision': recorded.tool.commit,
      'host.id': recorded.environment.fingerprint,
    });
    expect(resource.scopeMetrics.map(({ scope }) => scope.name)).toEqual(['pushbench']);
  });

  test('has figures in base units, each with its arm', async () => {
    const { named, metrics } = await pushed(recorded);
    const p50 = named('pushbench.latency.p50');
    expect(p50?.unit).toBe('s');
    const arms = p50?.gauge?.dataPoints.map((one) => one.attributes['pushbench.arm']);
    expect(arms).toEqual(recorded.arms.map(({ name }) => name));
    for (const { asDouble, timeUnixNano } of p50?.gauge?.dataPoints ?? []) {
      expect(asDouble).toBeGreaterThan(0.0001);
      expect(asDouble).toBeLessThan(0.1);
      expect(Number(timeUnixNano) / 1e6).toBeCloseTo(Date.parse(recorded.finishedAt ?? ''), -1);
    }
    const [validity] = named('pushbench.run.validity')?.gauge?.dataPoints ?? [];
    expect(validity?.attributes['pushbench.validity']).toBe('suspect');
    expect(new Set(metrics.map(({ name }) => name)).size).toBe(metrics.length);
  });

  test('has histograms of every delivery', async () => {
    const { named } = await pushed(recorded);
    const latency = named('pushbench.latency');
    expect(latency?.unit).toBe('s');
    const points = latency?.histogram?.dataPoints ?? [];
    expect(points).toHaveLength(recorded.arms.length);
    for (const { attributes: of, count, bucketCounts, explicitBounds, sum, min, max } of points) {
      const received = recorded.trials
        .filter(({ arm }) => arm === of['pushbench.arm'])
        .reduce((all, { ledger }) => all + (ledger?.received ?? 0), 0);
      expect(count).toBe(received);
      expect(bucketCounts.reduce((all, one) => all + one, 0)).toBe(received);
      expect(explicitBounds).toEqual(LATENCY_BOUNDS);
      expect(bucketCounts).toHaveLength(LATENCY_BOUNDS.length + 1);
      expect(min).toBeLessThan(sum / count);
      expect(max).toBeGreaterThan(sum / count);
    }
  });

  test('that is refused says by whom and why', async () => {
    const { url, received } = await collector(403);
    await expect(otlp.write(recorded, url)).rejects.toMatchObject({
      code: 'collector-unreachable',
      message: expect.stringContaining(`${url}/v1/metrics did not take the metrics`),
      hint: expect.stringContaining('Nothing of the run is lost'),
    });
    expect(received).toHaveLength(1);
  });

  test.each([
    ['http://127.0.0.1:4318', 'http://127.0.0.1:4318/v1/metrics'],
    ['http://127.0.0.1:4318/', 'http://127.0.0.1:4318/v1/metrics'],
    ['https://otel.example/otlp/v1/metrics', 'https://otel.example/otlp/v1/metrics'],
  ])('to %s goes to %s', (to, url) => {
    expect(otlp.problemWith?.(to)).toBeUndefined();
    expect(metricsUrl(to)).toBe(url);
  });

  test.each(['', '4318', 'localhost:4318', 'file:///x'])('to %j is no address', (to) => {
    expect(otlp.problemWith?.(to)).toContain('http://127.0.0.1:4318');
  });
});
