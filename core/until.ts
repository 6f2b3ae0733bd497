/** Waits for what nobody tells, such as the end of a process that is not a child. */

/** Looks again and again. @returns whether it is so; false when the time is up first */
export async function until(isSo: () => boolean, ms: number, lookMs = 20): Promise<boolean> {
  const deadline = performance.now() + ms;
  while (!isSo()) {
    if (performance.now() >= deadline) return false;
    await new Promise((resolve) => setTimeout(resolve, lookMs));
  }
  return true;
}
