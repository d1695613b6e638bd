// How long to wait before a server that ended is started again. Pure.

const LONGEST_S = 60;
/** A server that ran for as long has got over its trouble. */
const HEALTHY_AFTER_MS = 180_000;
/** From this failure on it is told, once. */
const TOLD_AT = 3;

export interface Failures {
  n: number;
}

export const NONE: Failures = { n: 0 };

/** One more failure; startedAt, endedAt: milliseconds. */
export function failed(before: Failures, startedAt: number, endedAt: number): Failures {
  return { n: endedAt - startedAt >= HEALTHY_AFTER_MS ? 1 : before.n + 1 };
}

/** Milliseconds: the first time at once, then 1, 2, 4 ... 60 s. */
export function delay({ n }: Failures): number {
  return n <= 1 ? 0 : Math.min(2 ** (n - 2), LONGEST_S) * 1000;
}

export function isTold({ n }: Failures): boolean {
  return n === TOLD_AT;
}
