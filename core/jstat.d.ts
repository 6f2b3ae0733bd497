/**
 * jstat ships no types; these are the four functions used here, no more. It is a CommonJS module,
 * so under Node's ESM its whole `module.exports` arrives as the default import.
 * https://jstat.github.io/distributions.html
 */
declare module 'jstat' {
  interface JStat {
    readonly studentt: {
      cdf(x: number, degreesOfFreedom: number): number;
      inv(probability: number, degreesOfFreedom: number): number;
    };
    readonly normal: { cdf(x: number, mean: number, standardDeviation: number): number };
    readonly binomial: { cdf(successes: number, trials: number, probability: number): number };
  }
  const jstat: { readonly jStat: JStat };
  export default jstat;
}
