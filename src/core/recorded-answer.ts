import { boundedMs } from '../api/durations.ts';
import { rfc3339, storedTime, timeOf } from '../api/time.ts';
import type { Dialect } from '../dialects/dialect.ts';
import { presentsCertificate, publishedValues } from '../formats/published-client.ts';
import { type ClientInformation, mergeClientInformation } from '../oauth/client-information.ts';
import { type Endpoints, mergeEndpoints } from '../oauth/discovery.ts';
import { canonicalJson, type JsonObject } from '../oauth/json.ts';
import { defined, omit } from '../oauth/objects.ts';
import { originOf } from '../oauth/url.ts';
import type { AdoptStep, ReadStep, RegisterStep, UpdateStep } from './action.ts';
import type { ServerConnection } from './connection.ts';
import type { RegistrationContent, StoredKey } from './content.ts';
import { keyTimes, keyTimesOf } from './document-keys.ts';
import { publishedState } from './document-state.ts';
import { earliest } from './earliest.ts';
import type { RecordAtServer } from './home.ts';
import { includedBy, keptOf } from './kept-answer.ts';
import { keptAddress, managementOf, weighAddress } from './management.ts';
import { methodWithoutSecret } from './missing-secret.ts';
import { type RegistrationRecord, recordName, type ServerRef } from './record.ts';
import type { ServerKey } from './server-key.ts';

/** What the record keeps from an answer. */

/** One registration: everything that will be recorded, except the answer. */
export interface Registration {
  readonly step: RegisterStep;
  readonly attempt: string;
  readonly client: { readonly namespace: string; readonly name: string; readonly uid: string };
  readonly server: ServerKey;
  /** The document that is sent, with the marker and the public key where one is generated. */
  readonly document: RegisterStep['document'];
  readonly keys: readonly StoredKey[];
}

/** Facts that an answer doesn't contain. */
export interface Circumstances {
  /** uid of the client's namespace. */
  readonly namespaceUid: string;
  /** Id of the installation that sent the request. */
  readonly installation: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** See `recent-calls.ts`. */
  readonly earlierRegistrations: string | undefined;
}

export interface Recorded {
  readonly record: Omit<RegistrationRecord, 'resourceVersion'>;
  readonly content: RegistrationContent;
}

/** The record of an answered registration. */
export function recordRegistration(
  { step, attempt, client, document, keys }: Registration,
  answer: ClientInformation,
  circumstances: Circumstances,
): Recorded {
  const { connection, hash, object, replaces } = step;
  const information = withAddress(keptOf(answer, document, includedBy(object)), connection);
  return {
    record: {
      ...firstRecord({ client, attempt, information }, step, circumstances),
      ...standing({ information, sent: document }),
      metadataHash: hash,
      ...defined({
        replaces: replaces?.registrationSecret,
        earlierRegistrations: circumstances.earlierRegistrations,
      }),
      ...keyTimes(keys, object, connection.documents !== undefined),
      ...expiries(information, information, circumstances.now, connection.dialect, replaces),
      ...servedBy(connection, information.clientId, document, circumstances.now),
    },
    content: contentAt(connection, { information, sent: document, keys }, includedBy(object)),
  };
}

/**
 * The record of a registration that the server answered with the client that was to be replaced: no new client. What
 * the answer leaves out stays as the earlier record has it.
 */
export function recordRepetition(
  registration: Registration,
  answer: ClientInformation,
  stored: RegistrationContent,
  circumstances: Circumstances,
): Recorded {
  const { replaces } = registration.step;
  const merged = mergeClientInformation(stored.information, answer);
  const { record, content } = recordRegistration(registration, merged, circumstances);
  const { registrationAccessTokenExpiresAt, tokenIssuedAt } = replaces ?? {};
  const isTokenKept = answer.registrationAccessToken === undefined;
  const tokenEnd = isTokenKept ? defined({ registrationAccessTokenExpiresAt, tokenIssuedAt }) : {};
  return { record: { ...record, ...tokenEnd }, content };
}

/** The part that the records of a registration and of an adoption have in common. */
function firstRecord(
  {
    client,
    attempt,
    information,
  }: Pick<Registration, 'client' | 'attempt'> & { readonly information: ClientInformation },
  { connection, object, ref }: Pick<RegisterStep, 'connection' | 'object' | 'ref'>,
  { namespaceUid, installation, now }: Circumstances,
) {
  return {
    registrationSecret: recordName(client.uid, attempt),
    role: 'current',
    attempt,
    client,
    purpose: object.purpose,
    retain: object.retained,
    namespaceUid,
    installation,
    server: ref,
    serverUid: connection.uid,
    issuer: connection.issuer,
    registrationOrigin: originOf(connection.registrationEndpoint),
    clientId: information.clientId,
    revision: 1,
    registeredAt: rfc3339(now),
    ...defined({ rotatedFor: object.rotateRequestedAt, ownPath: ownPathOf(ref, connection) }),
  } as const;
}

/** How the client stands that a document identifies: the operator manages it without a token. */
const servedBy = ({ documents }: ServerConnection, url: string, sent: JsonObject, now: number) =>
  documents === undefined
    ? {}
    : { managed: true, document: publishedState(url, sent, documents, rfc3339(now)) };

/** Whether tenants decide on the way to the server, and so might answer in its place. */
const ownPathOf = ({ kind }: ServerRef, { transport }: ServerConnection): true | undefined =>
  kind === 'AuthorizationServer' && (transport?.ca !== undefined || transport?.proxyUrl !== undefined)
    ? true
    : undefined;

/** The content of a registration Secret, with what later calls need of the connection. */
export function contentAt(
  { registrationEndpoint, allowedOrigins, endpoints, dialect, transport }: ServerConnection,
  { information, sent, keys }: Pick<RegistrationContent, 'information' | 'sent' | 'keys'>,
  include: readonly string[],
): RegistrationContent {
  return {
    information,
    sent,
    registrationEndpoint,
    allowedOrigins,
    endpoints: endpointsToKeep(endpoints, { information, sent }, include),
    dialect,
    ...defined({ ca: transport?.ca }),
    keys,
  };
}

/** Aliases only for a client that presents a certificate, and of other endpoints those that its Secret has. */
function endpointsToKeep(
  { others = {}, mtlsAliases, ...endpoints }: Endpoints,
  client: Pick<RegistrationContent, 'information' | 'sent'>,
  include: readonly string[],
): Endpoints {
  const kept = Object.entries(others).filter(([member]) => include.includes(member));
  return {
    ...endpoints,
    ...defined({
      others: kept.length === 0 ? undefined : Object.fromEntries(kept),
      mtlsAliases: presentsCertificate(client) ? mtlsAliases : undefined,
    }),
  };
}

/** An answer may bring no address, or a relative one. */
function withAddress(information: ClientInformation, connection: ServerConnection): ClientInformation {
  const { registrationClientUri, clientId } = information;
  const { registrationEndpoint, management } = connection;
  const address = keptAddress(registrationClientUri, clientId, registrationEndpoint, management);
  return at(information, address);
}

const at = (
  information: ClientInformation,
  registrationClientUri: string | undefined,
): ClientInformation => ({
  ...omit(information, 'registrationClientUri'),
  ...defined({ registrationClientUri }),
});

/** Where calls about the client go. */
function addressOf(home: RecordAtServer, content: RegistrationContent): string | undefined {
  const management = managementOf(home, content);
  return management.kind === 'Managed' ? management.url : undefined;
}

/** The same of an answer to a call at the client's address, which that call proved. */
function withWeighedAddress(
  information: ClientInformation,
  connection: ServerConnection,
  called: string | undefined,
  before: RegistrationContent['addresses'],
): Pick<RegistrationContent, 'information' | 'addresses'> {
  const absolute = withAddress(information, connection);
  const { address, addresses } = weighAddress(absolute.registrationClientUri, called, before);
  return { information: at(absolute, address), ...defined({ addresses }) };
}

/** The record after an update. Without a readable answer, only the document changes. */
export function recordUpdate(
  step: UpdateStep,
  stored: RegistrationContent,
  answer: ClientInformation | undefined,
  { sent, keys }: Pick<RegistrationContent, 'sent' | 'keys'>,
  now: number,
): Recorded {
  const { at, hash, object } = step;
  const { record, connection } = at;
  const weighed =
    answer === undefined
      ? { information: stored.information, ...defined({ addresses: stored.addresses }) }
      : withWeighedAddress(
          keptOf(mergeClientInformation(stored.information, answer), sent, includedBy(object)),
          connection,
          addressOf(step.at, stored),
          stored.addresses,
        );
  const { information } = weighed;
  const { allowedOrigins, dialect, transport } = connection;
  const endpoints = mergeEndpoints(connection.endpoints, stored.endpoints);
  const content: RegistrationContent = {
    ...omit(stored, 'ca', 'addresses'),
    ...weighed,
    sent,
    endpoints:
      object === undefined
        ? stored.endpoints
        : endpointsToKeep(endpoints, { information, sent }, includedBy(object)),
    allowedOrigins,
    dialect,
    ...defined({ ca: transport?.ca }),
    keys,
  };
  const [was, is] = [stored, content].map((one) => visibleToWorkload({ ...one, endpoints }, record.issuer));
  const changed = was !== is;
  return {
    record: {
      ...omit(withoutExpiries(record, answer), 'drifted', 'keyCreatedAt', 'keyRotatesAt', 'keyRetiresAt'),
      purpose: object?.purpose ?? record.purpose,
      retain: object?.retained ?? record.retain,
      // The server that answered belongs to this server object, also where the object was created again.
      serverUid: connection.uid,
      issuer: connection.issuer,
      metadataHash: hash,
      revision: record.revision + (changed ? 1 : 0),
      ...standing(content, record.adopted),
      ...(object === undefined ? keyTimesOf(record) : keyTimes(keys, object, record.document !== undefined)),
      ...secretGiven(information, stored.information, record, now),
      ...expiries(information, answer ?? {}, now, dialect),
      ...servedAfter(step, sent, now),
    },
    content,
  };
}

function servedAfter({ at: { record, connection }, because }: UpdateStep, sent: JsonObject, now: number) {
  const { document, clientId } = record;
  if (document === undefined) {
    return {};
  }
  const time = rfc3339(now);
  // The same content is given to be served once more.
  const before = because === 'Drifted' ? { ...document, publishedAt: time } : document;
  return { managed: true, document: publishedState(clientId, sent, connection.documents, time, before) };
}

/** The trusted part of an answer to a read: some servers return the secret as a hash. */
export const trustedOfRead = (
  answer: ClientInformation,
  { secretOnRead }: Pick<Dialect, 'secretOnRead'>,
): ClientInformation => (secretOnRead === 'Trust' ? answer : omit(answer, 'clientSecret'));

/**
 * The record after a read. `isNew`: the answer has other credentials than the record.
 *
 * @param corrected members that somebody else changed and that are sent again: their current values count as sent
 */
export function recordRead(
  { at: home }: ReadStep,
  stored: RegistrationContent,
  answer: ClientInformation,
  corrected: readonly string[],
  now: number,
): Recorded & { readonly isNew: boolean } {
  const { record, connection } = home;
  const trusted = trustedOfRead(answer, connection.dialect);
  const weighed = withWeighedAddress(
    mergeClientInformation(stored.information, trusted),
    connection,
    addressOf(home, stored),
    stored.addresses,
  );
  const { information } = weighed;
  const isSame = (name: 'clientSecret' | 'registrationAccessToken') =>
    information[name] === undefined || information[name].equals(stored.information[name]);
  const asTheyAre = Object.fromEntries(corrected.map((member) => [member, answer.metadata[member] ?? null]));
  const content = { ...omit(stored, 'addresses'), ...weighed, sent: { ...stored.sent, ...asTheyAre } };
  const changed = visibleToWorkload(stored, record.issuer) !== visibleToWorkload(content, record.issuer);
  return {
    record: {
      ...withoutExpiries(record, trusted),
      ...(corrected.length === 0 ? {} : { metadataHash: 'drifted' }),
      revision: record.revision + (changed ? 1 : 0),
      ...standing(content, record.adopted),
      ...secretGiven(information, stored.information, record, now),
      ...expiries(information, trusted, now, connection.dialect),
    },
    content,
    isNew: !isSame('clientSecret') || !isSame('registrationAccessToken'),
  };
}

/** A client that existed already. Nothing counts as sent: the spec goes out with the first update. */
export function recordAdoption(
  step: AdoptStep,
  attempt: string,
  identity: RegistrationRecord['client'],
  answer: ClientInformation | undefined,
  circumstances: Circumstances,
): Recorded {
  const { client, connection, object } = step;
  const known = { ...defined(client), metadata: {} };
  const brought = withAddress(known, connection);
  const { information, addresses } =
    answer === undefined
      ? { information: brought, addresses: undefined }
      : withWeighedAddress(
          keptOf(mergeClientInformation(known, answer), {}, includedBy(object)),
          connection,
          brought.registrationClientUri,
          undefined,
        );
  return {
    record: {
      ...firstRecord({ client: identity, attempt, information }, step, circumstances),
      ...standing({ information, sent: {} }, true),
      metadataHash: 'adopted',
      adopted: true,
      ...expiries(information, answer ?? {}, circumstances.now, connection.dialect),
    },
    content: {
      ...contentAt(connection, { information, sent: {}, keys: [] }, includedBy(object)),
      ...defined({ addresses }),
    },
  };
}

/** The values that a workload may see, as one text for comparison. */
function visibleToWorkload(
  { information, sent, endpoints, keys }: RegistrationContent,
  issuer: string,
): string {
  const include = Object.keys(information.metadata);
  return canonicalJson(publishedValues({ information, sent, issuer, endpoints, key: keys[0], include }));
}

/** What a client can be used for, by all that the server has answered: to manage it, and to authenticate as it. */
function standing(
  content: Pick<RegistrationContent, 'information' | 'sent'>,
  isAdopted = false,
): Pick<RegistrationRecord, 'managed' | 'secretMissingFor'> {
  const { registrationAccessToken, registrationClientUri } = content.information;
  return {
    managed: registrationAccessToken !== undefined && registrationClientUri !== undefined,
    ...defined({ secretMissingFor: methodWithoutSecret(content, isAdopted) }),
  };
}

/**
 * The ends that an answer announces. The lifetime of the token counts from the answer that contained it. A lifetime in the
 * dialect caps the one in the answer, since some servers answer nonsense.
 *
 * @param replaced record of the client that this one replaces
 */
function expiries(
  { clientSecret, clientSecretExpiresAt = 0 }: ClientInformation,
  { registrationAccessTokenExpiresIn, registrationAccessToken, ...answer }: Partial<ClientInformation>,
  now: number,
  { lifetimes }: Dialect,
  replaced?: RegistrationRecord,
) {
  const isNew = answer.clientId !== undefined;
  const said = clientSecretExpiresAt === 0 ? undefined : announcedEnd(clientSecretExpiresAt, answer, now);
  const secretEnd =
    clientSecret === undefined
      ? said
      : earliest(said, isNew ? capOf(lifetimes.clientSecret, now) : undefined);
  const life = registrationAccessTokenExpiresIn;
  const cap =
    registrationAccessToken === undefined ? undefined : capOf(lifetimes.registrationAccessToken, now);
  const tokenEnd = earliest(life === undefined ? undefined : now + life * 1000, cap);
  const ends = { secret: timeOf(secretEnd), token: timeOf(tokenEnd) };
  return defined({
    clientSecretExpiresAt: ends.secret,
    endIsFixed: isFixed(ends.secret, now, replaced),
    registrationAccessTokenExpiresAt: ends.token,
    tokenIssuedAt: ends.token && rfc3339(now),
  });
}

/**
 * The end that an answer announces, in milliseconds since the epoch. One that the server's own clock had passed when it
 * issued the client was over, whatever the clock here says.
 */
function announcedEnd(
  seconds: number,
  { clientIdIssuedAt }: Partial<ClientInformation>,
  now: number,
): number {
  const lateBy = clientIdIssuedAt === undefined ? -1 : (clientIdIssuedAt - seconds) * 1000;
  return lateBy < 0 ? seconds * 1000 : Math.min(seconds * 1000, now - lateBy);
}

/** When the secret was given, where an answer about a known client brings another one. */
const secretGiven = (
  { clientSecret }: ClientInformation,
  before: ClientInformation,
  record: Pick<RegistrationRecord, 'secretIssuedAt'>,
  now: number,
): Pick<RegistrationRecord, 'secretIssuedAt'> =>
  clientSecret === undefined || clientSecret.equals(before.clientSecret)
    ? defined({ secretIssuedAt: record.secretIssuedAt })
    : { secretIssuedAt: rfc3339(now) };

/**
 * Whether no replacement moves an end of the client secret: it was over when it was announced, or is no later than the
 * end of the secret that was replaced.
 */
function isFixed(
  end: string | undefined,
  now: number,
  replaced: RegistrationRecord | undefined,
): true | undefined {
  // The times of records have whole seconds.
  const latest = [rfc3339(now), replaced?.clientSecretExpiresAt ?? ''].map((time) => storedTime(time));
  return latest.some((time) => storedTime(end) <= time) ? true : undefined;
}

/** The part of a record that the answer doesn't change: an answer without a token leaves the token's end as it is. */
function withoutExpiries(record: RegistrationRecord, answer: Partial<ClientInformation> | undefined) {
  const kept = omit(record, 'resourceVersion', 'clientSecretExpiresAt', 'endIsFixed', 'secretMissingFor');
  return answer?.registrationAccessToken === undefined
    ? kept
    : omit(kept, 'registrationAccessTokenExpiresAt');
}

const capOf = (duration: string | undefined, now: number): number | undefined =>
  duration === undefined ? undefined : now + boundedMs('lifetime', duration);
