import { boundedMs } from '../../api/durations.ts';
import type { Action } from '../action.ts';
import { homeOf, type RecordAtServer } from '../home.ts';
import { managementMode } from '../management.ts';
import type { Observation } from '../observation.ts';
import { overlapOf } from '../overlap.ts';
import type { RegistrationRecord } from '../record.ts';
import { register, serverOfClient, stepOf, update } from './registration.ts';
import { blocked } from './rests.ts';

/** Rules about what the server lets expire: renewed in time, where a call does that, else replaced in time. */

/** A token of some life is renewed when a third of it is left. */
const TOKEN_SHARE = 1 / 3;

/** A registration access token near its end: an update brings another, where the server gives one. */
export function theTokenExpires(o: Observation): Action | undefined {
  const at = serverOfClient(o);
  return o.object !== undefined && at !== undefined && isTokenDue(o, at)
    ? stepOf(update(o, o.object, at, { keys: 'Keep', because: 'Expires' }))
    : undefined;
}

/** The same of a client that outlived its object: what was sent goes once more. */
export function aRetainedTokenExpires(o: Observation): Action | undefined {
  const [at] = retainedOf(o).flatMap((record) => {
    const home = homeOf(o, record);
    return home.kind === 'AtServer' && home.gate.open && isTokenDue(o, home) ? home : [];
  });
  return (
    at && {
      type: 'Update',
      object: undefined,
      at,
      document: undefined,
      withheld: [],
      statement: undefined,
      keys: 'Keep',
      because: 'Expires',
      hash: at.record.metadataHash,
      basis: renewalBasis(at.record),
    }
  );
}

/** Clients that outlived an object of this name: what is kept has to stay manageable. */
const retainedOf = ({ records }: Observation): readonly RegistrationRecord[] =>
  records.filter(({ role }) => role === 'retained');

function isTokenDue(o: Observation, { record, connection }: RecordAtServer): boolean {
  const due = tokenDueAt(record);
  const isRenewable =
    connection.dialect.updateEffect.supported &&
    managementMode(record.managed, connection.management) === 'RegistrationAccessToken';
  const isOver = o.now >= Date.parse(record.registrationAccessTokenExpiresAt ?? '');
  const basis = renewalBasis(record);
  const isBlocked = (['Update', 'Renew'] as const).some((action) => blocked(o, action, basis) !== undefined);
  return due !== undefined && o.now >= due && isRenewable && !isOver && !isBlocked;
}

/** A client secret, or the whole client, near its end: renewed by an update where that renews it, else replaced. */
export function theClientExpires(o: Observation): Action | undefined {
  const { object } = o;
  const at = serverOfClient(o);
  const due = at && clientDueAt(o, at);
  if (object === undefined || at === undefined || due === undefined || o.now < due) {
    return undefined;
  }
  const { record } = at;
  const { dialect, management } = at.connection;
  const isRenewedByUpdate =
    dialect.updateEffect.supported &&
    dialect.updateEffect.secret === 'Rotates' &&
    managementMode(record.managed, management) !== 'None';
  return isRenewedByUpdate && blocked(o, 'Renew', renewalBasis(record)) === undefined
    ? stepOf(update(o, object, at, { keys: 'Keep', because: 'Expires' }))
    : stepOf(replaceExpiring(o, record));
}

/** How soon one looks again at what is due and couldn't be done. */
const AGAIN_MS = 300_000;

/** By itself, unless the user wants to be asked: a client whose secret has ended serves nobody. */
function replaceExpiring(o: Observation, record: RegistrationRecord): Action | undefined {
  const { desired } = o.object ?? {};
  const policy = desired?.valid ? desired.spec.replacement?.policy : undefined;
  return policy === 'Manual' ? undefined : register(o, record);
}

/** One try for each end that was announced: a server whose update doesn't move it isn't asked again. */
export const renewalBasis = ({
  secretName,
  registrationAccessTokenExpiresAt = '',
  clientSecretExpiresAt = '',
}: Pick<
  RegistrationRecord,
  'secretName' | 'registrationAccessTokenExpiresAt' | 'clientSecretExpiresAt'
>): string => [secretName, registrationAccessTokenExpiresAt, clientSecretExpiresAt].join(' ');

function tokenDueAt({
  registrationAccessTokenExpiresAt,
  tokenIssuedAt,
  registeredAt,
}: RegistrationRecord): number | undefined {
  if (registrationAccessTokenExpiresAt === undefined) {
    return undefined;
  }
  const end = Date.parse(registrationAccessTokenExpiresAt);
  const start = Date.parse(tokenIssuedAt ?? registeredAt);
  return known(end - (end - start) * TOKEN_SHARE);
}

/** Before the end by the overlap, but never by more than a third of the life. */
function clientDueAt(o: Observation, { record, connection }: RecordAtServer): number | undefined {
  const { registeredAt, clientSecretExpiresAt } = record;
  const start = Date.parse(registeredAt);
  const { client } = connection.dialect.lifetimes;
  const ends = [
    clientSecretExpiresAt === undefined ? undefined : Date.parse(clientSecretExpiresAt),
    client === undefined ? undefined : start + boundedMs('lifetime', client),
  ].filter((end) => end !== undefined);
  if (ends.length === 0) {
    return undefined;
  }
  const end = Math.min(...ends);
  return known(end - Math.min(overlapOf(o), (end - start) / 3));
}

/** A record that was damaged by hand ends no client. */
const known = (time: number): number | undefined => (Number.isNaN(time) ? undefined : time);

/** When something of the client is due, in milliseconds since the epoch. */
export function expiryVisits(o: Observation): readonly (number | undefined)[] {
  const at = serverOfClient(o);
  const own = at === undefined ? [] : [tokenDueAt(at.record), clientDueAt(o, at), ...keyDues(o, at.record)];
  const dues = [...own, ...retainedOf(o).map(tokenDueAt)];
  return dues.map((due) => (due !== undefined && due <= o.now ? o.now + AGAIN_MS : due));
}

function keyDues({ object }: Observation, { keyRotatesAt, keyRetiresAt }: RegistrationRecord) {
  const isWanted = object?.desired.valid && object.desired.spec.generatedKey !== undefined;
  return isWanted ? [keyRotatesAt, keyRetiresAt] : [];
}
