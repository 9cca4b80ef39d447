import type { KubernetesObject } from '../api/kubernetes.ts';
import { toRecord } from '../core/record.ts';
import { toObservedSecret } from '../core/workload-secret.ts';
import type { RegistrationObject, SecretObject } from './context.ts';

/** What is kept of Secrets: made of their metadata alone, whether it comes from a watch or from an own write. */

export function toRegistrationObject(raw: KubernetesObject): RegistrationObject {
  const { name, namespace = '', uid = '', resourceVersion = '' } = raw.metadata;
  return { metadata: { name, namespace, uid, resourceVersion }, record: toRecord(raw) };
}

export function toSecretObject(raw: KubernetesObject): SecretObject {
  const { name, namespace = '', uid = '', resourceVersion = '' } = raw.metadata;
  return { metadata: { name, namespace, uid, resourceVersion }, observed: toObservedSecret(raw) };
}
