/** Which rules make no sense over a load of hours, whose latency is looked at piece by piece. Pure. */

const meaningless: Readonly<Record<string, string>> = {
  'generator-gc':
    'over a long load one pause is certain; it is in one of many intervals, whose trend is what counts',
  steady: 'whether the latency drifts is what this load finds out',
};

/** Why a rule is not judged in a long load; undefined where it is. */
export function skippedBySoak(id: string, isSoak: boolean | undefined): string | undefined {
  return isSoak === true ? meaningless[id] : undefined;
}
