/**
 * Connections that lead nowhere any more without anybody being told, and what finds them: heartbeats and
 * their answers, silence, or TCP's own probes. What only this scenario has: nothing else on the connections,
 * and a network of its own that swallows everything.
 */
import { fault } from '../core/errors.ts';
import { defineScenario } from '../core/scenario.ts';
import { clients } from './params/load.ts';

/** Time that a heartbeat may be late for before its client takes it for missing. */
const SLACK_MS = 500;
/** libuv has the kernel send ten probes, a second apart, before it gives up. */
const PROBES_MS = 10_000;
/** Behind the latest moment at which somebody should have noticed. */
const MARGIN_MS = 1_500;

export const heartbeat = defineScenario({
  name: 'heartbeat',
  question:
    'When the network swallows everything, how long until either side notices, and what does finding out cost while nothing is wrong?',
  params: {
    clients: clients(400, 'connections on which nothing happens'),
    share: {
      type: 'share',
      default: 0.5,
      min: 0.001,
      max: 1,
      help: 'clients whose packets are swallowed; the others show whether living ones are taken for dead',
    },
    method: {
      type: 'choice',
      choices: ['beat', 'keepalive'],
      default: 'beat',
      help: 'what the server does: a WebSocket ping or an SSE comment, or the keep-alive of TCP and nothing itself',
    },
    interval: {
      type: 'durationMs',
      default: 2_000,
      min: 200,
      max: 600_000,
      help: 'between two heartbeats; with keepalive, the silence after which TCP begins to probe, whole seconds',
    },
    pong: {
      type: 'durationMs',
      default: 2_000,
      min: 50,
      max: 600_000,
      help: 'how long the answer to a ping may take, where the protocol has one',
    },
    missed: {
      type: 'count',
      default: 2,
      min: 1,
      max: 100,
      help: 'heartbeats that a client waits for in vain before it takes its connection for dead, and half a second more',
    },
    window: {
      type: 'durationMs',
      default: 1_500,
      min: 100,
      max: 600_000,
      help: 'how long CPU and bytes are counted without heartbeats, and with them, at least',
    },
    watch: {
      type: 'durationMs',
      default: 8_000,
      min: 100,
      max: 3_600_000,
      help: 'how long everything is swallowed, at least',
    },
  },
  quick: { clients: 100, window: 500, watch: 5_000, interval: 1_000, pong: 1_000 },
  phases: (p) => {
    if (Math.round(p.share * p.clients) === 0) {
      throw fault('bad-value', {
        flag: '--share',
        problem: `${p.share * 100} % of ${p.clients} clients is nobody, so nothing would fall silent`,
      });
    }
    const silenceMs = p.method === 'beat' ? p.missed * p.interval + SLACK_MS : 0;
    const latestMs = Math.max(
      silenceMs,
      p.method === 'beat' ? p.interval + p.pong : p.interval + PROBES_MS,
    );
    return [
      { kind: 'connect', clients: p.clients },
      {
        kind: 'beat',
        windowMs: p.window,
        fault: {
          cut: 'black-hole',
          atMs: 0,
          forMs: Math.max(p.watch, latestMs + MARGIN_MS),
          share: p.share,
          comeback: { strategy: 'none', baseMs: 0, capMs: 0, resume: false, silenceMs },
        },
      },
    ];
  },
  arms: 'sse,ws',
  rounds: 2,
  vary: 'interval=1s,2s,4s',
  server: (p) =>
    p.method === 'beat'
      ? { heartbeatMs: p.interval, pongTimeoutMs: p.pong, keepAliveMs: 0 }
      : {
          heartbeatMs: 0,
          pongTimeoutMs: 0,
          keepAliveMs: Math.max(1_000, Math.round(p.interval / 1_000) * 1_000),
        },
  settles: { heartbeat: 'interval' },
  headline: [
    'heartbeat.server.found',
    'heartbeat.server.max',
    'heartbeat.client.max',
    'heartbeat.cpu',
    'heartbeat.bytes',
  ],
  explore: '--vary method=beat,keepalive',
});
