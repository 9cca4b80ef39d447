import type { OAuthClientStatus } from '../api/oauth-client.ts';
import { accountTokenValues } from '../formats/account-token.ts';
import { defined } from '../oauth/objects.ts';
import { serverOfClient } from './home.ts';
import type { Observation } from './observation.ts';
import { isDeclaredBy, type RegistrationRecord } from './record.ts';
import { subjectOfAccount } from './workload-identity.ts';

/** What a workload without a secret is told: status and its Secret say the same. */

type Shown = NonNullable<OAuthClientStatus['credential']>;

/**
 * How the registered client authenticates by the token of its ServiceAccount; `undefined`: it doesn't. Before an edit is
 * registered, and while the server can't be called, it is what status said before: of two clients of one ServiceAccount,
 * status says which one has it. `Unknown`: status says nothing yet.
 */
export function shownCredential(
  o: Observation,
  record: RegistrationRecord | undefined,
): Shown | 'Unknown' | undefined {
  if (record === undefined || o.object === undefined) {
    return undefined;
  }
  const { desired, status } = o.object;
  if (!desired.valid || !isDeclaredBy(record, desired.hash)) {
    return status.credential;
  }
  const account = desired.spec.credential?.serviceAccount;
  if (account === undefined) {
    return undefined;
  }
  const { workloadIdentity, endpoints } = serverOfClient(o, record)?.connection ?? {};
  return workloadIdentity === undefined
    ? (status.credential ?? 'Unknown')
    : {
        subject: subjectOfAccount(o.namespace, account.name),
        ...credentialFor(workloadIdentity.audience),
        ...defined({ tokenEndpoint: endpoints?.token }),
      };
}

/** The same, where it is known. */
export function knownCredential(o: Observation, record: RegistrationRecord | undefined): Shown | undefined {
  const shown = shownCredential(o, record);
  return shown === 'Unknown' ? undefined : shown;
}

function credentialFor(audience: string): Omit<Shown, 'subject' | 'tokenEndpoint'> {
  const values = accountTokenValues(audience);
  return {
    audience,
    clientAssertionType: values.client_assertion_type,
    projectedVolume: values['projected_volume.yaml'],
  };
}

/**
 * Whether the registered client authenticates by what the cluster or a SPIFFE trust domain issues for its workload: the
 * operator has nothing of it.
 */
export function isOfWorkload(o: Observation, record: RegistrationRecord): boolean {
  const { desired } = o.object ?? {};
  const { spiffe } = (desired?.valid ? desired.spec.credential : undefined) ?? {};
  return spiffe !== undefined || shownCredential(o, record) !== undefined;
}
