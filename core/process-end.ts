/** How a child process ended, as the rest of a sentence about it. */
export function howItEnded(code: number | null, signal: string | null): string {
  return signal === null ? `ended with exit code ${code}` : `was ended by ${signal}`;
}
