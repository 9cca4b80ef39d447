import { type KubernetesObject, RESOURCES } from '../../../api/kubernetes.ts';
import { ANNOTATIONS, LABELS } from '../../../api/names.ts';
import { type DocumentState, storedDocumentState } from '../../../core/document-state.ts';
import type { RecordRole, RegistrationRecord } from '../../../core/record.ts';
import { toRegistrationObject } from '../../state/cached-objects.ts';
import { DONE, notDone, type StepResult } from '../round.ts';
import type { StepContext } from '../step-context.ts';

/** Changes of a record that need no answer of the server. Absent members stay unchanged. */
interface Mark {
  /** Of the object that owns the client from now on. */
  readonly uid?: string;
  readonly role?: RecordRole;
  readonly namespaceUid?: string;
  /** `null`: removes the annotation. */
  readonly deletionPolicy?: 'Retain' | null;
  readonly serverUid?: string;
  readonly registrationOrigin?: string;
  readonly installation?: string;
  /** RFC 3339; `null` as above. */
  readonly replacementUndoneAt?: string | null;
  readonly replacementMadeAt?: string | null;
  readonly document?: DocumentState;
}

/** Writes marks into the metadata of a record, unless the record was changed in the meantime. */
export async function mark(
  { registrationSecret, resourceVersion }: RegistrationRecord,
  marks: Mark,
  { api, caches, settings }: StepContext,
): Promise<StepResult> {
  const labels = given({ [LABELS.role]: marks.role, [LABELS.clientUid]: marks.uid });
  const annotations = given({
    [ANNOTATIONS.namespaceUid]: marks.namespaceUid,
    [ANNOTATIONS.deletionPolicy]: marks.deletionPolicy,
    [ANNOTATIONS.serverUid]: marks.serverUid,
    [ANNOTATIONS.registrationOrigin]: marks.registrationOrigin,
    [ANNOTATIONS.installation]: marks.installation,
    [ANNOTATIONS.replacementUndoneAt]: marks.replacementUndoneAt,
    [ANNOTATIONS.replacementMadeAt]: marks.replacementMadeAt,
    [ANNOTATIONS.servedDocument]: marks.document && storedDocumentState(marks.document),
  });
  const patched = await api.patch<KubernetesObject>(
    RESOURCES.secret,
    { namespace: settings.operatorNamespace, name: registrationSecret },
    { metadata: { resourceVersion, labels, annotations } },
  );
  if (!patched.ok) {
    return notDone(`Registration Secret ${registrationSecret} is not changed`, patched);
  }
  caches.registrations.learn(toRegistrationObject(patched.object));
  return DONE;
}

const given = (marks: Readonly<Record<string, string | null | undefined>>) =>
  Object.fromEntries(Object.entries(marks).filter(([, value]) => value !== undefined));
