import type { Registered } from './server-proxy.ts';
import { conditionOf } from './soak-looks.ts';
import type { Suspect, TrueClient, TrueRecord, Truth } from './soak-truth.ts';
import type { UsersObject } from './soak-users.ts';

/** What must hold in any case, whatever went wrong. */

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

const LOST = 'RegistrationAccessTokenLost';

/** What was said of an object, in logs and Events. */
export type SaidOf = (object: string) => string;

/** @param suspects ever listed, whether or not a person has taken them off the list since */
export function judge(
  truth: Truth,
  suspects: ReadonlyMap<string, Suspect>,
  registered: readonly Registered[],
  saidOf: SaidOf,
): Verdict {
  const { clients, records } = truth;
  const recorded = new Map(records.map((record) => [record.clientId, record]));
  const unknown = clients.filter(
    ({ clientId, attempt }) => !recorded.has(clientId) && !suspects.has(attempt),
  );
  const lost = clients.filter((client) => isLost(client, recorded.get(client.clientId)));
  const isSaid = ({ clientId }: TrueClient) => {
    const { object = '' } = recorded.get(clientId) ?? {};
    const isInUse = truth.objects.get(object)?.status?.clientId === clientId;
    return isInUse ? isToldLost(truth, object) : saidOf(object).includes(clientId);
  };
  return {
    orphansReported: suspects.size,
    orphansExisting: clients.filter(({ attempt }) => suspects.has(attempt)).length,
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

/** Whether what is recorded doesn't manage the client. */
export const isLost = ({ token }: TrueClient, record: TrueRecord | undefined): boolean =>
  record !== undefined && record.token !== token;

export function isToldLost({ objects }: Truth, name: UsersObject['name']): boolean {
  const object = objects.get(name);
  return object !== undefined && conditionOf(object, 'Ready')?.reason === LOST;
}

/** Each registration of an object but one has to be known as lost: listed, or told to be removed again. */
function again(
  registered: readonly Registered[],
  suspects: ReadonlyMap<string, Suspect>,
  saidOf: SaidOf,
): Pick<Verdict, 'registrationsAgain' | 'doubleRegistrations'> {
  const byUri = Map.groupBy(registered, ({ clientUri }) => clientUri);
  const repeated = [...byUri].filter(([, made]) => made.length > 1);
  const silent = repeated.flatMap(([uri, made]) => {
    const name = new URL(uri).host.split('.')[0] ?? '';
    const untold = made.filter(
      ({ attempt, clientId }) => !suspects.has(attempt) && !saidOf(name).includes(clientId),
    );
    return untold.length > 1 ? [`${name}: ${untold.map(({ attempt }) => attempt).join(', ')}`] : [];
  });
  return {
    registrationsAgain: repeated.reduce((sum, [, made]) => sum + made.length - 1, 0),
    doubleRegistrations: silent,
  };
}
