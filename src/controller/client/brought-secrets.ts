import { namespaceOf } from '../../api/kubernetes.ts';
import type { ClientKey } from '../../core/client-key.ts';
import { adoptableClient, type CredentialSecrets } from '../../core/credential.ts';
import type { Observation } from '../../core/observation.ts';
import { givenStatement } from '../../core/statement.ts';
import type { StepContext } from './step-context.ts';

/** Content of labelled Secrets that an OAuthClient references: its software statement, a client to adopt. */

/**
 * Reads the referenced Secrets that are needed now and aren't cached in their present version; most clients reference
 * none. Call it before the observation, which makes no call.
 */
export async function readBroughtSecrets(key: ClientKey, context: StepContext): Promise<void> {
  const isOver = context.caches.clients.get(key)?.observed.deleting !== false;
  const names = [statementRef(key, context)?.name, adoptRef(key, context)?.name].filter(
    (name) => name !== undefined,
  );
  await context.credentials.refer(
    { kind: 'Client', key },
    namespaceOf(key),
    isOver ? [] : [...new Set(names)],
  );
}

export function statementOf(key: ClientKey, now: number, context: StepContext): Observation['statement'] {
  const ref = statementRef(key, context);
  return ref && givenStatement(ref, broughtSecretsOf(key, context), now);
}

export function adoptableOf(key: ClientKey, context: StepContext): Observation['adoptable'] {
  const ref = adoptRef(key, context);
  return ref && adoptableClient(ref.name, broughtSecretsOf(key, context));
}

function statementRef(key: ClientKey, { caches }: StepContext) {
  const desired = caches.clients.get(key)?.observed.desired;
  return desired?.valid ? desired.spec.softwareStatement?.secretRef : undefined;
}

/** Needed only while there is no client. */
function adoptRef(key: ClientKey, { caches }: StepContext) {
  const observed = caches.clients.get(key)?.observed;
  const ref = observed?.desired.valid ? observed.desired.spec.adopt?.secretRef : undefined;
  const isRecorded = caches.registrations
    .find('client', key)
    .some(({ record }) => record?.role === 'current' && record.client.uid === observed?.uid);
  return isRecorded ? undefined : ref;
}

function broughtSecretsOf(key: ClientKey, { credentials }: StepContext): CredentialSecrets {
  const namespace = namespaceOf(key);
  return { namespace, get: (name) => credentials.get(namespace, name) };
}
