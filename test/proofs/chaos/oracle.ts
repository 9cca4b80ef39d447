import type { Condition } from '../../../src/api/conditions.ts';
import type { OAuthClient } from '../../../src/api/oauth-client.ts';
import { type LoadObject, OBJECTS, secretNameOf } from './load.ts';
import type { ServerClient, Snapshot } from './snapshot.ts';

/** The meaning of "nothing is lost", judged by the server's own list of clients. */

export interface Counts {
  /** Clients that exist at the servers. */
  readonly clients: number;
  readonly recorded: number;
  /** Clients without a record that are listed as suspected orphans. */
  readonly reported: number;
  /** Listed suspected orphans; some of their registrations never reached the server. */
  readonly suspects: number;
  /** Clients whose registration access token is lost, and reported. */
  readonly lostTokens: number;
}

/** Every breach of the promise, also a temporary one, as a sentence. */
export function breaches(seen: Snapshot): readonly string[] {
  return [...unaccounted(seen), ...twice(seen), ...OBJECTS.flatMap((wanted) => notAsWanted(wanted, seen))];
}

/** Clients at the server ⊆ recorded ∪ reported, and every record is of a client that exists. */
export function unaccounted({ clients, records, suspects, further }: Snapshot): readonly string[] {
  // A record stays until the URL of its withdrawn document is gone.
  const withdrawn = (further?.documents ?? []).map(({ url }) => url);
  const ids = new Set([...clients.map(({ id }) => id), ...withdrawn]);
  return [
    ...clients
      .filter((client) => !isRecorded(client, records) && !isReported(client, suspects))
      .map(({ id, object }) => `client ${id} of ${object} is neither recorded nor reported`),
    ...records
      .filter(({ clientId }) => !ids.has(clientId))
      .map(({ clientId, object }) => `the record of client ${clientId} of ${object} outlived it`),
  ];
}

/** Each attempt is sent once. */
function twice({ clients }: Snapshot): readonly string[] {
  const attempts = clients.map(({ attempt }) => attempt);
  return attempts
    .filter((attempt, index) => attempts.indexOf(attempt) !== index)
    .map((attempt) => `attempt ${attempt} was sent twice`);
}

function notAsWanted(wanted: LoadObject, seen: Snapshot): readonly string[] {
  const { name, fate } = wanted;
  const own = seen.clients.filter(
    (client) =>
      client.object === name && !(isReported(client, seen.suspects) && !isRecorded(client, seen.records)),
  );
  const object = seen.objects.find(({ metadata }) => metadata.name === name);
  if (fate === 'deleted' || fate === 'kept') {
    return [
      ...(object === undefined ? [] : [`${name} is not gone`]),
      ...(own.length === (fate === 'kept' ? 1 : 0) ? [] : [`${name} has ${own.length} clients`]),
      ...seen.records
        .filter((record) => record.object === name && record.role !== 'retained')
        .map(({ role }) => `${name} left a record in the role ${role}`),
    ];
  }
  if (object === undefined || own[0] === undefined || own.length > 1) {
    return [`${name} has ${own.length} clients${object === undefined ? " and doesn't exist" : ''}`];
  }
  return [...notReady(wanted, object), ...notUsable(wanted, object, own[0], seen)];
}

function notReady({ name, fate }: LoadObject, object: OAuthClient): readonly string[] {
  const ready = object.status?.conditions?.find(({ type }) => type === 'Ready');
  const lost = lostToken(object);
  if (lost !== undefined) {
    const tells = /update \w+; the update of \S+ got no answer/.test(lost.message);
    return fate === 'edited' && tells ? [] : [`${name} lost its token, and says: ${lost.message}`];
  }
  const isWaiting =
    object.status?.conditions?.some(({ type }) => type === 'Reconciling' || type === 'Stalled') ?? false;
  return ready?.status === 'True' && ready.observedGeneration === object.metadata.generation && !isWaiting
    ? []
    : [`${name} is not ready: ${ready?.reason} ${ready?.message}`];
}

/** The Secret is complete: id and secret of the only client that exists, under the name that the spec gives. */
function notUsable(
  wanted: LoadObject,
  { status }: OAuthClient,
  client: ServerClient,
  { secrets, records }: Snapshot,
): readonly string[] {
  const { name, fate } = wanted;
  const secret = secrets[secretNameOf(wanted)];
  const record = records.find(({ clientId }) => clientId === client.id);
  const isUnedited = fate === 'edited' && client.logoUri === undefined;
  return [
    ...(status?.clientId === client.id ? [] : [`${name} shows client ${status?.clientId}, not ${client.id}`]),
    ...(secret?.clientId === client.id && secret.clientSecret === client.secret
      ? []
      : [`the Secret of ${name} shows client ${secret?.clientId}, not ${client.id}, or not its secret`]),
    ...(secret?.shows === record?.name ? [] : [`the Secret of ${name} shows ${secret?.shows}`]),
    ...(fate === 'renamed' && secrets[name] !== undefined ? [`the former Secret of ${name} is left`] : []),
    ...(fate === 'replaced' && record?.rotatedFor === undefined ? [`${name} was not replaced`] : []),
    ...(isUnedited ? [`${name} was not edited at the server`] : []),
  ];
}

export const lostToken = ({ status }: OAuthClient): Condition | undefined =>
  status?.conditions?.find(({ reason }) => reason === 'RegistrationAccessTokenLost');

export function countsOf(seen: Snapshot): Counts {
  const { clients, objects, records, suspects } = seen;
  return {
    clients: clients.length,
    recorded: clients.filter((client) => isRecorded(client, records)).length,
    reported: clients.filter((client) => !isRecorded(client, records) && isReported(client, suspects)).length,
    suspects: suspects.length,
    lostTokens: objects.filter((object) => lostToken(object) !== undefined).length,
  };
}

/** Secrets in a text that others can read. */
export function leaks(text: string, secretValues: Iterable<string>): readonly string[] {
  return [...new Set(secretValues)]
    .filter((value) => text.includes(value))
    .map((value) => `a secret of ${value.length} characters is in a log`);
}

const isRecorded = ({ id }: ServerClient, records: Snapshot['records']): boolean =>
  records.some(({ clientId }) => clientId === id);

export const isReported = ({ attempt }: ServerClient, suspects: Snapshot['suspects']): boolean =>
  suspects.some((suspect) => suspect.attempt === attempt);
