import type { OAuthClient } from '../../../../src/api/oauth-client.ts';
import type { DialectName } from '../../../../src/dialects/presets.ts';
import type { LoggedRequest } from '../../../kit/emulator/serve.ts';
import type { Placed } from './placed.ts';

/** What happened between the operator and one emulated server. */
export interface Row {
  readonly admission: string;
  readonly create: string;
  readonly secret: string;
  readonly update: string;
  readonly rotation: string;
  readonly remove: string;
  readonly management: string;
  readonly notes: string;
}

const rows = new Map<DialectName, Partial<Row>>();

/** Stores a part of what was seen. */
export function saw(dialect: DialectName, part: Partial<Row>): void {
  rows.set(dialect, { ...rows.get(dialect), ...part });
}

/** Throws if a part is missing, because an earlier test failed. */
export function rowOf(dialect: DialectName): Row {
  const row = rows.get(dialect) ?? {};
  const missing = COLUMNS.filter((column) => row[column] === undefined);
  if (missing.length > 0) {
    throw new Error(`${dialect}: not seen: ${missing.join(', ')}`);
  }
  return row as Row;
}

const COLUMNS: readonly (keyof Row)[] = [
  'admission',
  'create',
  'secret',
  'update',
  'rotation',
  'remove',
  'management',
  'notes',
];

/** How the successful registration was admitted, by the credentials that the server received. */
export function admissionSeen({ emulator }: Placed): string {
  const { log, credentials } = emulator;
  const index = log.findLastIndex(({ call, status = 0 }) => call === 'register' && status < 300);
  const register = log[index];
  const initialTokens = [credentials.initialAccessToken, credentials.countedToken];
  const by = credentialSeen(register, log.slice(0, index), initialTokens);
  return register?.body?.['software_statement'] === undefined ? by : `${by}, software statement`;
}

function credentialSeen(
  register: LoggedRequest | undefined,
  before: readonly LoggedRequest[],
  initialTokens: readonly string[],
): string {
  const { scheme, credential = '' } = register ?? {};
  if (scheme === undefined) {
    return 'none sent';
  }
  if (scheme !== 'bearer') {
    return scheme === 'basic' ? 'Basic' : scheme;
  }
  if (initialTokens.includes(credential)) {
    return 'initial access token';
  }
  const scope = before.findLast(({ call }) => call === 'token')?.form?.['scope'];
  return `client credentials${scope === undefined ? '' : `, scope \`${scope}\``}`;
}

/** Other differences that showed. */
export function notesSeen({ capabilities }: Placed, { status }: OAuthClient): string {
  const { clientDiesWithSecret, secretLifetimeSeconds, tokenLifetimeSeconds } = capabilities;
  const otherwise = (status?.substitutions ?? []).map(({ member }) => `\`${member}\``);
  const notes = [
    ...(capabilities.endpointDiscoverable ? [] : ['endpoint not in discovery: set `registration.endpoint`']),
    ...(capabilities.machineBody === undefined ? ['no `client_credentials`'] : []),
    ...(capabilities.gate.oneUse ? ['a token admits once'] : []),
    ...(capabilities.registrationToken && !capabilities.configurationUri ? ['address by template'] : []),
    ...(capabilities.registrationToken && !capabilities.update.supported ? ['its token only reads'] : []),
    ...(tokenLifetimeSeconds === 0
      ? []
      : [`registration access token lives ${lasting(tokenLifetimeSeconds)}`]),
    ...(secretLifetimeSeconds === 0
      ? []
      : [`${clientDiesWithSecret ? 'client' : 'secret'} ends after ${lasting(secretLifetimeSeconds)}`]),
    ...(otherwise.length === 0 ? [] : [`shown in \`substitutions\`: ${otherwise.join(', ')}`]),
  ];
  return notes.join('; ');
}

function lasting(seconds: number): string {
  const days = seconds / 86_400;
  return Number.isInteger(days) ? `${days} d` : `${seconds / 60} min`;
}
