import { type KubernetesObject, RESOURCES } from '../../api/kubernetes.ts';
import { LABELS } from '../../api/names.ts';
import type { Observation, ObservedClient } from '../../core/observation.ts';
import type { RecordRole, RegistrationRecord } from '../../core/record.ts';
import type { Context } from '../context.ts';
import { toRegistrationObject } from '../objects.ts';
import { removeFinalizer } from './finalizer.ts';
import { subjectOf } from './report.ts';
import { DONE, later, type StepResult } from './round.ts';

/** The client outlives its object: the record waits for a later object of the same name. */
export async function retain(
  object: ObservedClient,
  record: RegistrationRecord,
  o: Observation,
  context: Context,
): Promise<StepResult> {
  const marked = await mark(record, record.client.uid, 'retained', context);
  if (marked.kind === 'later') {
    return marked;
  }
  context.events.record({
    type: 'Normal',
    reason: 'Retained',
    action: 'Retain',
    message: `Client ${record.clientId} at ${record.issuer} is kept, as deletionPolicy Retain says. An OAuthClient ${o.name} created in this namespace takes it over.`,
    regarding: subjectOf(o, record),
  });
  return object.hasFinalizer ? removeFinalizer(object, o, context) : DONE;
}

/** The retained client becomes this object's; whatever differs from its spec is updated next. */
export function takeOver(
  { uid }: ObservedClient,
  record: RegistrationRecord,
  context: Context,
): Promise<StepResult> {
  return mark(record, uid, 'current', context);
}

async function mark(
  { secretName, resourceVersion }: RegistrationRecord,
  uid: string,
  role: RecordRole,
  { api, caches, settings }: Context,
): Promise<StepResult> {
  const labels = { [LABELS.role]: role, [LABELS.clientUid]: uid };
  const patched = await api.patch<KubernetesObject>(
    RESOURCES.secret,
    { namespace: settings.operatorNamespace, name: secretName },
    { metadata: { resourceVersion, labels } },
  );
  if (!patched.ok) {
    return later(`the record's role could not be changed: ${patched.message}`);
  }
  caches.registrations.learn(toRegistrationObject(patched.object));
  return DONE;
}
