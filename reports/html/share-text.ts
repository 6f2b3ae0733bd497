/** A share as a person says it: '32 %', '7.6 %', '10 %'; what rounds to nothing is not called nothing. */

export function shareText(share: number): string {
  if (share > 0 && share < 0.001) return 'below 0.1 %';
  const percent = share * 100;
  return `${Number(percent.toFixed(percent < 9.95 ? 1 : 0))} %`;
}
