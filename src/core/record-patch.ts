import type { Secret } from '../api/kubernetes.ts';
import { ANNOTATIONS, LABELS } from '../api/names.ts';
import { CONTENT_KEYS } from './content.ts';

const OWN_LABELS: readonly string[] = [
  LABELS.registration,
  LABELS.role,
  LABELS.clientNamespace,
  LABELS.clientName,
  LABELS.clientUid,
  LABELS.purpose,
  LABELS.session,
];
const OWN_ANNOTATIONS: readonly string[] = Object.values(ANNOTATIONS);

/**
 * The JSON merge patch (RFC 7386) that gives a registration Secret this content. It has the operator's own labels,
 * annotations and keys alone, and removes those that `secret` lacks. What others put on the Secret stays: labels,
 * annotations, finalizers, owners. With `metadata.resourceVersion` in `secret`, the patch is conditional.
 */
export function recordPatch({ metadata, data = {} }: Secret): object {
  const { resourceVersion, labels = {}, annotations = {} } = metadata;
  return {
    metadata: {
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
      labels: { ...absent(OWN_LABELS), ...labels },
      annotations: { ...absent(OWN_ANNOTATIONS), ...annotations },
    },
    data: { ...absent(CONTENT_KEYS), ...data },
  };
}

const absent = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, null]));
