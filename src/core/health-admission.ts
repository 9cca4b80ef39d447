import { SHARES } from '../api/shares.ts';
import type { Failure } from './failure.ts';
import { refusedAgain, type Witness } from './refused-admission.ts';
import type { Waiting } from './scope.ts';
import { type Asking, counted, type HealthCall, isCounted, type ServerHealth } from './server-health.ts';

const MAX_ALONE = SHARES.refusedAlone.most;

/**
 * Whether the refusal concerns this call alone: it is no clear refusal of the credential, and registrations of others
 * were accepted with it.
 */
export const isItsOwn = (
  { acceptedVersion, alone }: ServerHealth,
  call: HealthCall,
  { credential }: Failure,
) =>
  (credential === 'Denied' && acceptedVersion === call.version) ||
  (credential === 'Doubted' && alone.includes(aloneAs(call)));

const aloneAs = ({ version, client, document }: Omit<Witness & Asking, 'kind'>): string =>
  `${version} ${client} ${document}`;

/** The health after a registration whose refusal may concern the credential. */
export function afterRefusal(
  health: ServerHealth,
  call: HealthCall,
  failure: Failure,
  waiting: Waiting,
  now: number,
): ServerHealth {
  const { version } = call;
  const before = health.refusedAdmission?.version === version ? health.refusedAdmission : undefined;
  const isProven = health.acceptedVersion === version;
  const isAgain = isCounted(health, call);
  const { namespace, client, document } = call;
  const refusedAdmission = refusedAgain(before, {
    version,
    witness: { namespace, client, document },
    failure,
    isCounted: isAgain,
    waiting,
    isProven,
    now,
  });
  return {
    ...health,
    ...counted(health, call, now),
    failedLast: call,
    refusedAdmission,
    acceptedVersion: isProven && refusedAdmission.decided ? undefined : health.acceptedVersion,
  };
}

/** The server accepts the credential, so clients that were refused with it were refused for their documents. */
export function accepted({ refusedAdmission, alone }: ServerHealth, { version, client }: HealthCall) {
  const witnesses = refusedAdmission?.version === version ? refusedAdmission.witnesses : [];
  const others = witnesses.filter((witness) => witness.client !== client);
  const known = others.map((witness) => aloneAs({ version, ...witness }));
  return {
    acceptedVersion: version,
    refusedAdmission: undefined,
    alone: others.length === 0 ? alone : [...new Set([...alone, ...known])].slice(-MAX_ALONE),
  };
}
