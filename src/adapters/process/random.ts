import { randomInt } from 'node:crypto';

const STEPS = 2 ** 48 - 1;

/**
 * A number from 0 to below 1, from the system's source of random numbers: nobody who saw others can tell it. Each holds 48
 * bits.
 */
export const systemRandom = (): number => randomInt(STEPS) / STEPS;
