import type { Conditions } from './conditions.ts';
import { BASE_URL } from './documents.ts';

type Kind = Pick<
  Conditions,
  'behaviour' | 'dialect' | 'verifiesEveryMs' | 'credential' | 'statement' | 'sharesAccount'
>;

const STATEMENT = 'e30.e30.';

/** Kinds of servers: their behaviour, and what the server object declares. */
export const SERVERS = {
  steady: {
    behaviour: { rotatesToken: false, rotatesSecret: false, readRotates: false },
    dialect: {},
  },
  rotating: {
    behaviour: { rotatesToken: true, rotatesSecret: false, readRotates: false },
    dialect: { dialectOverrides: { updateEffect: { token: 'Rotates' } } },
  },
  /** Fetches documents that identify clients, and registers none. */
  fetching: {
    behaviour: { rotatesToken: false, rotatesSecret: false, readRotates: false },
    dialect: {
      identification: { mode: 'Document', document: { baseUrl: BASE_URL } },
      defaults: { redirectUris: ['https://app.example.com/callback'] },
    },
  },
  /** Rotates everything that it can, and the server object doesn't declare it. */
  unspoken: {
    behaviour: { rotatesToken: true, rotatesSecret: true, readRotates: true },
    dialect: {},
  },
} as const satisfies Readonly<Record<string, Kind>>;

/** Kinds of servers for random lives. */
export const ALL_SERVERS: readonly Kind[] = [
  ...Object.values(SERVERS),
  /** Its clients manage themselves by their keys; one of them has one client for each software statement. */
  ...[undefined, STATEMENT].map((statement) => ({
    behaviour: {
      ...{ rotatesToken: false, rotatesSecret: false, readRotates: false },
      ...{ hasTokens: true, managesItself: true },
    },
    dialect: {
      management: { mode: 'ClientCredential' },
      registration: {
        admission: { open: {} },
        ...(statement === undefined ? {} : { softwareStatement: { secretRef: { name: 'statement' } } }),
      },
    },
    credential: 'generatedKey' as const,
    ...(statement === undefined ? {} : { statement }),
  })),
  /** Reads clients in Keycloak's form, which authenticate by tokens of their ServiceAccounts: their own, or one of all. */
  ...[false, true].map((sharesAccount) => ({
    behaviour: { rotatesToken: true, rotatesSecret: false, readRotates: true, isKeycloak: true },
    dialect: {
      dialect: 'keycloak-native',
      attemptMarker: { member: 'client_name' },
      workloadIdentity: { mode: 'Allow', identityProvider: 'cluster' },
      policy: { workloadIdentity: 'Allow' },
    },
    credential: 'serviceAccount' as const,
    sharesAccount,
  })),
  /** Each secret makes another client due at once, until somebody repairs the server. */
  {
    behaviour: { rotatesToken: false, rotatesSecret: false, readRotates: false, hastyForMs: 600_000 },
    dialect: {},
  },
  /** Refuses every registration, until somebody repairs it. */
  {
    behaviour: { rotatesToken: false, rotatesSecret: false, readRotates: false, refusesForMs: 600_000 },
    dialect: {},
  },
  /** Restored from an empty backup. */
  {
    behaviour: { rotatesToken: false, rotatesSecret: false, readRotates: false, forgetsAtMs: 120_000 },
    dialect: { drift: { mode: 'Report', interval: '1m' }, recovery: { clientGone: 'Reregister' } },
  },
  /** Has each credential tried; is restored from an empty backup, which only that shows. */
  ...(['Report', 'Gate'] as const).map((mode) => ({
    behaviour: {
      ...{ rotatesToken: true, rotatesSecret: false, readRotates: false, hasTokens: true },
      forgetsAtMs: 120_000,
    },
    dialect: {
      dialectOverrides: { updateEffect: { token: 'Rotates' } },
      verification: { mode, interval: '5m' },
      recovery: { clientGone: 'Reregister' },
    },
    verifiesEveryMs: 300_000,
  })),
];

export type ServerName = keyof typeof SERVERS;

export const SERVER_NAMES = Object.keys(SERVERS) as readonly ServerName[];
