/**
 * Arms that a scenario runs in several variants: which of them are the same but for that. They are told by what
 * they are, and never by their names or titles, which a route, a target and TLS add to.
 */
import type { Arm } from '../core/result.ts';

export function isSameButVariant(a: Arm, b: Arm): boolean {
  return (
    a.transport === b.transport &&
    a.client === b.client &&
    a.target === b.target &&
    a.route === b.route
  );
}

/**
 * Where an arm is compared with itself there are several that are alike: the second goes with the second.
 * @param variant left out: the one that the others are held against
 */
export function armInVariant(arms: readonly Arm[], arm: Arm, variant?: string): Arm | undefined {
  const alike = arms.filter((one) => isSameButVariant(one, arm));
  const place = alike
    .filter((one) => one.variant === arm.variant)
    .findIndex(({ name }) => name === arm.name);
  return alike.filter((one) => one.variant === variant)[place];
}

/** For a sentence that says the variant itself; the whole title where the arm is run in one variant only. */
export function titleWithoutVariant(arms: readonly Arm[], arm: Arm): string {
  return (armInVariant(arms, arm) ?? arm).title;
}
