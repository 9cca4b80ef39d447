import { Refused } from './error-answer.ts';
import type { Authorization, Message } from './message.ts';
import { type Grant, newSecret, type ServerState } from './server-state.ts';

/** How a registration was admitted. */
export interface Admitted {
  /** Scope of the token that admitted; `undefined` where none was asked for. */
  readonly scopes?: readonly string[];
  /** Presented token that becomes the client's registration access token. */
  readonly registrationToken?: string;
  /** To be called once the client is registered: a refused registration uses nothing up. */
  readonly used: () => void;
}

const nothingUsed = () => undefined;

/** Admits a registration. @throws Refused */
export function admit(state: ServerState, message: Message): Admitted {
  const { gate } = state.behaviour;
  if (gate.admits.length === 0) {
    throw new Refused('registrationOff');
  }
  if (gate.clientCertificate && message.certificateName === undefined) {
    throw new Refused('missingCertificate');
  }
  const isOpen = gate.admits.includes('nothing');
  const { authorization } = message;
  if (authorization === undefined) {
    if (isOpen) {
      return { used: nothingUsed };
    }
    throw new Refused('missingToken');
  }
  const admitted = isAdministrator(state, authorization)
    ? { used: nothingUsed }
    : byBearer(state, authorization);
  if (admitted !== undefined) {
    return admitted;
  }
  if (isOpen) {
    return stray(state, authorization);
  }
  throw new Refused('wrongToken');
}

function isAdministrator({ behaviour, credentials }: ServerState, authorization: Authorization): boolean {
  const { admits } = behaviour.gate;
  return (
    (admits.includes('basic') && isBasic(authorization, credentials.basic)) ||
    (admits.includes('ssws') && authorization.scheme === 'ssws' && authorization.value === credentials.ssws)
  );
}

/** Whether `Authorization` is Basic with these credentials, which are not form-encoded (RFC 7617). */
export function isBasic(
  { scheme, value }: Authorization,
  { username, password }: ServerState['credentials']['basic'],
): boolean {
  return scheme === 'basic' && Buffer.from(value, 'base64').toString('utf8') === `${username}:${password}`;
}

function byBearer(state: ServerState, { scheme, value }: Authorization): Admitted | undefined {
  const { gate } = state.behaviour;
  const { credentials, counters } = state;
  if (scheme !== 'bearer') {
    return undefined;
  }
  if (gate.admits.includes('fixedToken') && value === credentials.initialAccessToken) {
    return { used: nothingUsed };
  }
  if (gate.admits.includes('countedToken') && value === credentials.countedToken) {
    if (counters.countedTokenUses >= gate.count) {
      throw new Refused('usedToken');
    }
    return {
      used: () => {
        counters.countedTokenUses += 1;
      },
    };
  }
  const grant = gate.admits.includes('clientCredentials') ? liveGrant(state, value) : undefined;
  return grant === undefined ? undefined : byGrant(state, grant);
}

function byGrant(state: ServerState, grant: Grant): Admitted {
  const { scope, scopeMatch } = state.behaviour.gate;
  if (grant.uses <= 0) {
    throw new Refused('usedToken');
  }
  const wanted = scope?.split(' ') ?? [];
  const hasAll = wanted.every((word) => grant.scopes.includes(word));
  const hasMore = grant.scopes.some((word) => !wanted.includes(word));
  if (!hasAll || (scopeMatch === 'exact' && hasMore)) {
    throw new Refused('insufficientScope');
  }
  return {
    scopes: grant.scopes,
    used: () => {
      grant.uses -= 1;
    },
  };
}

/** The grant behind an access token that has not expired. */
export function liveGrant({ grants, now }: ServerState, token: string): Grant | undefined {
  const grant = grants.get(token);
  return grant !== undefined && grant.expiresAt > now() ? grant : undefined;
}

/** A bearer at an open endpoint that takes none: servers do one thing or another with it. */
function stray({ behaviour }: ServerState, { value }: Authorization): Admitted {
  switch (behaviour.gate.strayBearer) {
    case 'ignored':
      return { used: nothingUsed };
    case 'becomesRegistrationToken':
      return { registrationToken: value, used: nothingUsed };
    case 'validated':
      throw new Refused('wrongToken');
    case 'refused':
      throw new Refused('strayToken');
  }
}

/** Makes an access token as the token endpoint would. */
export function issueGrant(
  state: ServerState,
  { clientId, scopes, uses }: { clientId: string; scopes: readonly string[]; uses?: number },
): string {
  const { gate, token } = state.behaviour;
  const value = newSecret(state, 'at-');
  state.grants.set(value, {
    clientId,
    scopes,
    expiresAt: state.now() + token.lifetimeSeconds * 1000,
    uses: uses ?? (gate.oneUse ? 1 : Number.POSITIVE_INFINITY),
  });
  return value;
}
