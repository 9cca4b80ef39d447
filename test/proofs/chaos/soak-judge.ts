import type { Registered } from './server-proxy.ts';
import { conditionOf } from './soak-looks.ts';
import type { Suspect, TrueClient, TrueRecord, Truth } from './soak-truth.ts';
import type { UsersObject } from './soak-users.ts';

/** Promises that must hold after any fault. */

export interface Verdict {
  readonly orphansReported: number;
  /** How many of the reported ones exist. */
  readonly orphansExisting: number;
  /** Clients that exist without a record or a report. */
  readonly orphansUnreported: readonly string[];
  /** Clients of the server without rotation whose recorded token is invalid. */
  readonly tokensLostWithoutRotation: readonly string[];
  readonly tokensLostReported: number;
  /** Clients whose recorded token is invalid without a report. */
  readonly tokensLostUnreported: readonly string[];
  /** Registrations of an object after its first one. */
  readonly registrationsAgain: number;
  /** Those without a known reason. */
  readonly doubleRegistrations: readonly string[];
}

const LOST = 'RegistrationAccessTokenLost';

/** Everything about an object in logs and Events. */
export type SaidOf = (object: string) => string;

/** What happened until now. */
export interface Past {
  /** Everything that was ever listed, also if a person has removed it since. */
  readonly suspects: ReadonlyMap<string, Suspect>;
  readonly registered: readonly Registered[];
  readonly users: readonly UsersObject[];
}

export function judge(truth: Truth, past: Past, saidOf: SaidOf): Verdict {
  const { suspects } = past;
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
    ...again(past, saidOf),
  };
}

/** Whether the recorded token doesn't manage the client. */
export const isLost = ({ token }: TrueClient, record: TrueRecord | undefined): boolean =>
  record !== undefined && record.token !== token;

export function isToldLost({ objects }: Truth, name: UsersObject['name']): boolean {
  const object = objects.get(name);
  return object !== undefined && conditionOf(object, 'Ready')?.reason === LOST;
}

/**
 * All registrations of an object but one, and one for each replacement that people asked for, must be known as lost:
 * listed, or reported as to be removed.
 */
function again(
  { registered, suspects, users }: Past,
  saidOf: SaidOf,
): Pick<Verdict, 'registrationsAgain' | 'doubleRegistrations'> {
  const byUri = Map.groupBy(registered, ({ clientUri }) => clientUri);
  const repeated = [...byUri].filter(([, made]) => made.length > 1);
  const silent = repeated.flatMap(([uri, made]) => {
    const name = new URL(uri).host.split('.')[0] ?? '';
    const unreported = made.filter(
      ({ attempt, clientId }) => !suspects.has(attempt) && !saidOf(name).includes(clientId),
    );
    const asked = users.find((user) => user.name === name)?.replacements ?? 0;
    return unreported.length > 1 + asked
      ? [`${name}: ${unreported.map(({ attempt }) => attempt).join(', ')}`]
      : [];
  });
  return {
    registrationsAgain: repeated.reduce((sum, [, made]) => sum + made.length - 1, 0),
    doubleRegistrations: silent,
  };
}
