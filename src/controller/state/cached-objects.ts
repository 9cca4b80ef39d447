import type { KubernetesObject } from '../../api/kubernetes.ts';
import type { ClientKey } from '../../core/client-key.ts';
import type { RegistrationRecord } from '../../core/record.ts';
import { clientOfNewerRecord, toRecord } from '../../core/record.ts';
import type { ObservedSecret } from '../../core/workload-secret.ts';
import { toObservedSecret } from '../../core/workload-secret.ts';

/** Metadata of a registration Secret. `record` is absent if a person damaged it, or a newer version wrote it. */
export interface RegistrationObject extends KubernetesObject {
  readonly record: RegistrationRecord | undefined;
  /** Where a newer version wrote it: its OAuthClient. */
  readonly newerOf?: ClientKey;
}

/** Metadata of a workload Secret. */
export interface SecretObject extends KubernetesObject {
  readonly observed: ObservedSecret;
}

/** The cached form of Secrets: made from their metadata only, from a watch or from an own write. */

export function toRegistrationObject(raw: KubernetesObject): RegistrationObject {
  const { name, namespace = '', uid = '', resourceVersion = '' } = raw.metadata;
  const metadata = { name, namespace, uid, resourceVersion };
  const newerOf = clientOfNewerRecord(raw);
  return newerOf === undefined
    ? { metadata, record: toRecord(raw) }
    : { metadata, record: undefined, newerOf };
}

export function toSecretObject(raw: KubernetesObject): SecretObject {
  const { name, namespace = '', uid = '', resourceVersion = '' } = raw.metadata;
  return { metadata: { name, namespace, uid, resourceVersion }, observed: toObservedSecret(raw) };
}
