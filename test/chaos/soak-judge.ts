import type { Registered } from './server-proxy.ts';
import { conditionOf } from './soak-looks.ts';
import type { Suspect, TrueClient, Truth } from './soak-truth.ts';
import type { UsersObject } from './soak-users.ts';

/** What is to become of everything once nothing goes wrong any more; and what must hold in any case. */

const LOST = 'RegistrationAccessTokenLost';

/** What is not yet as it has to be, one sentence each. */
export function unsettled(truth: Truth, objects: readonly UsersObject[]): readonly string[] {
  return [
    ...objects.flatMap((object) => (object.deleted ? leftOf(object, truth) : wrongWith(object, truth))),
    ...truth.pending.map((call) => `the ledger still names ${call}`),
  ];
}

function leftOf({ name }: UsersObject, { objects, records, clients }: Truth): readonly string[] {
  const clientIds = new Set(clients.map(({ clientId }) => clientId));
  const ending = records.filter(
    ({ object, role, clientId }) => object === name && (role === 'current' || !clientIds.has(clientId)),
  );
  return [
    ...(objects.has(name) ? [`${name} was deleted and is still there: ${told(objects.get(name))}`] : []),
    ...ending.map(
      ({ clientId, role }) => `${name} is gone, and its client ${clientId} is still recorded as ${role}`,
    ),
  ];
}

function wrongWith({ name, logoUri, server }: UsersObject, truth: Truth): readonly string[] {
  const object = truth.objects.get(name);
  const ready = object && conditionOf(object, 'Ready');
  const secret = truth.secrets.get(name);
  const client = truth.clients.find(({ clientId }) => clientId === secret?.clientId);
  if (object === undefined || secret === undefined || client === undefined) {
    return [
      `${name} has ${object ? 'an object' : 'no object'}, ${secret ? 'a Secret' : 'no Secret'}, ${client ? 'a client' : 'no client'}: ${told(object)}`,
    ];
  }
  const isLost = ready?.reason === LOST && server === 'rotating';
  const isReady = ready?.status === 'True' && ready.observedGeneration === object.metadata.generation;
  const surplus = truth.records.filter(
    ({ object: of, clientId }) => of === name && clientId !== client.clientId,
  );
  return [
    ...(isReady || isLost ? [] : [`${name} is not ready: ${told(object)}`]),
    ...(client.logoUri === logoUri || isLost
      ? []
      : [`${name} was edited, and the server has ${client.logoUri}`]),
    ...(secret.clientSecret === client.clientSecret
      ? []
      : [`the Secret of ${name} doesn’t show the client’s secret`]),
    ...(object.status?.clientId === client.clientId ? [] : [`the status of ${name} shows another client`]),
    ...surplus
      .filter(({ role }) => role === 'current')
      .map(({ clientId }) => `${name} has another client ${clientId} on record`),
  ];
}

const told = (object: Parameters<typeof conditionOf>[0] | undefined): string => {
  const ready = object && conditionOf(object, 'Ready');
  return `${ready?.status}, ${ready?.reason}: ${ready?.message}`;
};

export interface Verdict {
  readonly orphansReported: number;
  /** Of those reported, how many exist. */
  readonly orphansExisting: number;
  /** Clients that exist, and nobody knows. */
  readonly orphansUnreported: readonly string[];
  /** Clients of the server that doesn't rotate whose recorded token is worthless. */
  readonly tokensLostWithoutRotation: readonly string[];
  readonly tokensLostReported: number;
  /** Clients whose recorded token is worthless, and nobody says so. */
  readonly tokensLostUnreported: readonly string[];
  /** Registrations beyond the first of an object. */
  readonly registrationsAgain: number;
  /** Those that nothing tells why. */
  readonly doubleRegistrations: readonly string[];
}

/** @param suspects ever listed, whether or not a person has taken them off the list since */
export function judge(
  truth: Truth,
  suspects: ReadonlyMap<string, Suspect>,
  registered: readonly Registered[],
  saidOf: (object: string) => string,
): Verdict {
  const recorded = new Map(truth.records.map((record) => [record.clientId, record]));
  const unknown = truth.clients.filter(
    ({ clientId, attempt }) => !recorded.has(clientId) && !suspects.has(attempt),
  );
  const lost = truth.clients.filter(
    ({ clientId, token }) => (recorded.get(clientId)?.token ?? token) !== token,
  );
  const isSaid = ({ clientId }: TrueClient) => {
    const { object = '', role } = recorded.get(clientId) ?? {};
    const ready = truth.objects.get(object);
    return (
      (ready && conditionOf(ready, 'Ready')?.reason === LOST) ||
      (role !== 'current' && saidOf(object).includes(clientId))
    );
  };
  return {
    orphansReported: suspects.size,
    orphansExisting: truth.clients.filter(({ attempt }) => suspects.has(attempt)).length,
    orphansUnreported: unknown.map(
      ({ clientId, clientUri, attempt, server }) =>
        `${clientId} of ${clientUri} at ${server}, attempt ${attempt}`,
    ),
    tokensLostWithoutRotation: lost
      .filter(({ server }) => server === 'steady')
      .map(({ clientUri }) => clientUri),
    tokensLostReported: lost.filter(isSaid).length,
    tokensLostUnreported: lost.filter((client) => !isSaid(client)).map(({ clientUri }) => clientUri),
    ...again(registered, suspects, saidOf),
  };
}

/** Each registration of an object but the last has to be known as lost before: listed, or told to be removed again. */
function again(
  registered: readonly Registered[],
  suspects: ReadonlyMap<string, Suspect>,
  saidOf: (object: string) => string,
): Pick<Verdict, 'registrationsAgain' | 'doubleRegistrations'> {
  const byUri = Map.groupBy(registered, ({ clientUri }) => clientUri);
  const repeated = [...byUri].filter(([, made]) => made.length > 1);
  const silent = repeated.flatMap(([uri, made]) => {
    const name = new URL(uri).host.split('.')[0] ?? '';
    const isTold = ({ attempt, delivered }: Registered) =>
      suspects.has(attempt) || (!delivered && saidOf(name).includes('removed again'));
    const untold = made.filter((one) => !isTold(one));
    return untold.length > 1
      ? [
          `${name}: ${untold.map(({ attempt, at }) => `${attempt} at ${new Date(at).toISOString()}`).join(', ')}`,
        ]
      : [];
  });
  return {
    registrationsAgain: repeated.reduce((sum, [, made]) => sum + made.length - 1, 0),
    doubleRegistrations: silent,
  };
}
