import type { Conditions } from './conditions.ts';

/** Kinds of servers: what they do, and what the operator is told of it. */
export const SERVERS = {
  steady: {
    behaviour: { rotatesToken: false, rotatesSecret: false, readRotates: false },
    dialect: {},
  },
  rotating: {
    behaviour: { rotatesToken: true, rotatesSecret: false, readRotates: false },
    dialect: { dialectOverrides: { updateEffect: { token: 'Rotates' } } },
  },
  /** Rotates whatever it can, and nobody says so. */
  unspoken: {
    behaviour: { rotatesToken: true, rotatesSecret: true, readRotates: true },
    dialect: {},
  },
} as const satisfies Readonly<Record<string, Pick<Conditions, 'behaviour' | 'dialect'>>>;

export type ServerName = keyof typeof SERVERS;

export const SERVER_NAMES = Object.keys(SERVERS) as readonly ServerName[];
