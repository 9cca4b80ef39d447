import { randomInt } from 'node:crypto';

const STEPS = 2 ** 48 - 1;

/** A random number, 0 ≤ n < 1, with 48 bits from the system's secure source: earlier numbers do not reveal it. */
export const systemRandom = (): number => randomInt(STEPS) / STEPS;
