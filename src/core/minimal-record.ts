import type { Secret } from '../api/kubernetes.ts';
import { ANNOTATIONS, LABELS } from '../api/names.ts';
import { DOCUMENT_KEYS } from './content.ts';

const MANDATORY_LABELS: readonly string[] = [
  LABELS.registration,
  LABELS.role,
  LABELS.clientNamespace,
  LABELS.clientName,
  LABELS.clientUid,
];
const OWN_ANNOTATIONS: readonly string[] = Object.values(ANNOTATIONS);
/** No annotation that a record needs is longer: `client_id` may have so many characters. */
const MOST_OF_ANNOTATION = 4_096;

/**
 * A registration Secret without the documents, and without labels and annotations that other parties set. The rest is
 * small, and enough to find and manage the client.
 */
export function minimalRecord({ metadata, ...secret }: Secret): Secret {
  const data = Object.entries(secret.data ?? {}).filter(([key]) => !DOCUMENT_KEYS.includes(key));
  const labels = Object.entries(metadata.labels ?? {}).filter(([name]) => MANDATORY_LABELS.includes(name));
  const annotations = Object.entries(metadata.annotations ?? {}).filter(
    ([name, value]) => OWN_ANNOTATIONS.includes(name) && value.length <= MOST_OF_ANNOTATION,
  );
  return {
    ...secret,
    metadata: {
      ...metadata,
      labels: Object.fromEntries(labels),
      annotations: Object.fromEntries(annotations),
    },
    data: Object.fromEntries(data),
  };
}
