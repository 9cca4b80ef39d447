import { Refused } from './error-answer.ts';
import type { Authorization, Message } from './message.ts';
import { type Grant, newSecret, type World } from './world.ts';

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
export function admit(world: World, message: Message): Admitted {
  const { gate } = world.behaviour;
  if (gate.admits.length === 0) {
    throw new Refused('registrationOff');
  }
  if (gate.clientCertificate && message.certificateName === undefined) {
    throw new Refused('missingCertificate');
  }
  const isOpen = gate.admits.includes('nothing');
  const { authorization } = message;
  if (authorization === undefined) {
    if (isOpen) return { used: nothingUsed };
    throw new Refused('missingToken');
  }
  const admitted = isAdministrator(world, authorization)
    ? { used: nothingUsed }
    : byBearer(world, authorization);
  if (admitted !== undefined) {
    return admitted;
  }
  if (isOpen) {
    return stray(world, authorization);
  }
  throw new Refused('wrongToken');
}

function isAdministrator({ behaviour, credentials }: World, authorization: Authorization): boolean {
  const { admits } = behaviour.gate;
  return (
    (admits.includes('basic') && isBasic(authorization, credentials.basic)) ||
    (admits.includes('ssws') && authorization.scheme === 'ssws' && authorization.value === credentials.ssws)
  );
}

/** Whether `Authorization` is Basic with these credentials, which are not form-encoded (RFC 7617). */
export function isBasic(
  { scheme, value }: Authorization,
  { username, password }: World['credentials']['basic'],
): boolean {
  return scheme === 'basic' && Buffer.from(value, 'base64').toString('utf8') === `${username}:${password}`;
}

function byBearer(world: World, { scheme, value }: Authorization): Admitted | undefined {
  const { gate } = world.behaviour;
  const { credentials, counters } = world;
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
  const grant = gate.admits.includes('clientCredentials') ? liveGrant(world, value) : undefined;
  return grant === undefined ? undefined : byGrant(world, grant);
}

function byGrant(world: World, grant: Grant): Admitted {
  const { scope, scopeMatch } = world.behaviour.gate;
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
export function liveGrant({ grants, now }: World, token: string): Grant | undefined {
  const grant = grants.get(token);
  return grant !== undefined && grant.expiresAt > now() ? grant : undefined;
}

/** A bearer at an open endpoint that takes none: servers do one thing or another with it. */
function stray({ behaviour }: World, { value }: Authorization): Admitted {
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
  world: World,
  { clientId, scopes, uses }: { clientId: string; scopes: readonly string[]; uses?: number },
): string {
  const { gate, token } = world.behaviour;
  const value = newSecret(world, 'at-');
  world.grants.set(value, {
    clientId,
    scopes,
    expiresAt: world.now() + token.lifetimeSeconds * 1000,
    uses: uses ?? (gate.oneUse ? 1 : Number.POSITIVE_INFINITY),
  });
  return value;
}
