/** Burns a share of this process's time, so that anybody can see the validity checks catch it. */

const PERIOD_MS = 50;

export function handicap(share: number): void {
  if (share === 0) return;
  setInterval(() => {
    const until = performance.now() + PERIOD_MS * share;
    while (performance.now() < until);
  }, PERIOD_MS).unref();
}
