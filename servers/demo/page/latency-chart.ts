/** How long messages of this page took to come back, as a line of the last ones and in figures. */
import { part, write } from './parts.ts';

/** Which way a message went up. */
export type Way = 'post' | 'frame';

interface Sample {
  readonly ms: number;
  readonly way: Way;
}

const SHOWN = 60;
/** In pixels; as high as the style sheet makes it. */
const HEIGHT = 72;
const EDGE = 6;
const SVG = 'http://www.w3.org/2000/svg';

export interface LatencyChart {
  add(ms: number, way: Way): void;
}

/** Makes charts that share one scale: side by side, heights are compared whether one wants to or not. */
export function latencyCharts(): (root: ParentNode) => LatencyChart {
  const all: { readonly samples: Sample[]; draw(highest: number): void }[] = [];
  function drawAll(): void {
    const shown = all.flatMap(({ samples }) => samples.map(({ ms }) => ms));
    if (shown.length === 0) return;
    const highest = niceAbove(Math.max(...shown));
    for (const chart of all) chart.draw(highest);
  }
  const resized = new ResizeObserver(drawAll);
  return (root) => {
    const drawing = part(root, 'latency', SVGSVGElement);
    const figures = part(root, 'latency-figures', HTMLParagraphElement);
    const top = part(root, 'latency-top', HTMLSpanElement);
    const samples: Sample[] = [];
    let count = 0;
    resized.observe(drawing);
    all.push({
      samples,
      draw(highest) {
        draw(drawing, samples, highest);
        write(top, `${highest} ms`);
      },
    });
    return {
      add(ms, way) {
        count += 1;
        samples.push({ ms, way });
        if (samples.length > SHOWN) samples.shift();
        drawAll();
        write(figures, `${figuresOf(samples)} · ${count} in all`);
        const what = `Latency of the last ${samples.length} messages of this tab`;
        drawing.setAttribute('aria-label', `${what}: ${figuresOf(samples)}`);
      },
    };
  };
}

function figuresOf(samples: readonly Sample[]): string {
  const sorted = samples.map(({ ms }) => ms).sort((a, b) => a - b);
  const figures = {
    last: samples.at(-1)?.ms,
    median: sorted[Math.floor((sorted.length - 1) / 2)],
    longest: sorted.at(-1),
  };
  return Object.entries(figures)
    .map(([name, ms = 0]) => `${name} ${ms.toFixed(1)} ms`)
    .join(' · ');
}

function draw(drawing: SVGSVGElement, samples: readonly Sample[], highest: number): void {
  const width = drawing.clientWidth;
  const step = (width - 2 * EDGE) / (SHOWN - 1);
  const points = samples.map(({ ms, way }, index) => ({
    x: width - EDGE - (samples.length - 1 - index) * step,
    y: HEIGHT - EDGE - (ms / highest) * (HEIGHT - 2 * EDGE),
    way,
  }));
  const line = document.createElementNS(SVG, 'polyline');
  line.setAttribute(
    'points',
    points.map(({ x, y }) => `${x.toFixed(1)},${y.toFixed(1)}`).join(' '),
  );
  const dots = points.map(({ x, y, way }) => {
    const dot = document.createElementNS(SVG, 'circle');
    dot.setAttribute('cx', x.toFixed(1));
    dot.setAttribute('cy', y.toFixed(1));
    dot.setAttribute('r', '2.5');
    dot.setAttribute('class', way);
    return dot;
  });
  drawing.replaceChildren(line, ...dots);
}

/** The next of 1, 2, 5, 10, 20 … so that the scale stays the same from message to message. */
function niceAbove(ms: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(ms, 1)));
  return ([1, 2, 5].find((factor) => factor * power >= ms) ?? 10) * power;
}
