import { isEventReason } from '../../../api/events.ts';
import { type KubernetesObject, RESOURCES } from '../../../api/kubernetes.ts';
import { ANNOTATIONS, LABELS } from '../../../api/names.ts';
import { rfc3339 } from '../../../api/time.ts';
import type { Step } from '../../../core/action.ts';
import { clientKey } from '../../../core/client-key.ts';
import { DOCUMENT_KEYS, displayNameOf } from '../../../core/content.ts';
import { recordsOf } from '../../../core/current-record.ts';
import type { RegistrationRecord } from '../../../core/record.ts';
import { serverKey } from '../../../core/server-key.ts';
import { audit } from '../../calls/audit.ts';
import { toRegistrationObject } from '../../state/cached-objects.ts';
import { DONE, notDone, type StepInput, type StepResult } from '../round.ts';
import type { StepContext } from '../step-context.ts';
import { removeFinalizer } from './finalizer.ts';
import { contentOf } from './read-content.ts';
import { subjectOf } from './report.ts';

/** A merge patch that reduces the record of an unmanaged client to what finds and manages it. */
const WITHOUT_DOCUMENTS = Object.fromEntries(DOCUMENT_KEYS.map((key) => [key, null]));

const leftAt = ({ clock }: StepContext) => ({
  [ANNOTATIONS.leftAt]: rfc3339(clock.now()),
});

/** Noted once: the record of a client that is left behind may lack the document that has the name. */
async function displayNameIn(record: RegistrationRecord, input: StepInput): Promise<Record<string, string>> {
  const content = record.displayName === undefined ? await contentOf(record, input) : undefined;
  const name = content === undefined || 'notRead' in content ? undefined : displayNameOf(content.sent);
  return name === undefined ? {} : { [ANNOTATIONS.displayName]: name };
}

/** Stops waiting for the server: changes the record's role, writes an Event, and lets the object be deleted. */
export async function release(
  step: Extract<Step, { type: 'Release' }>,
  input: StepInput,
): Promise<StepResult> {
  const { o, round, context } = input;
  const { record, role, setback } = step;
  const { api, settings } = context;
  const isLeft = role === 'left-behind';
  const key = { namespace: settings.operatorNamespace, name: record.registrationSecret };
  const annotations = { ...(await displayNameIn(record, input)), ...(isLeft ? leftAt(context) : {}) };
  const patched = await api.patch<KubernetesObject>(RESOURCES.secret, key, {
    metadata: { labels: { [LABELS.role]: role }, annotations },
    ...(isLeft ? { data: WITHOUT_DOCUMENTS } : {}),
  });
  if (!patched.ok && patched.status !== 404) {
    return notDone(`Registration Secret ${record.registrationSecret} is not changed`, patched);
  }
  if (patched.ok) {
    context.caches.registrations.learn(toRegistrationObject(patched.object));
  }
  audit(context, {
    event: isLeft ? 'LeftBehind' : 'Released',
    client: clientKey(record.client),
    server: serverKey(record.server, record.client.namespace),
    clientId: record.clientId,
    attempts: setback.attempts,
    why: step.message,
    reason: setback.reason,
    message: setback.message,
    secret: record.registrationSecret,
  });
  const what = role === 'owed' ? 'is tried on from' : 'stays behind; its record is in';
  const text =
    setback.reason === 'DocumentWithdrawn'
      ? `Document ${record.clientId} was withdrawn: nobody can use the client. Its URL is gone in about an hour; until then its record is Secret ${key.namespace}/${key.name}.`
      : `Client ${record.clientId} at ${record.issuer} was not removed: ${setback.message} Its deregistration ${what} Secret ${key.namespace}/${key.name}.`;
  context.events.record({
    // A deregistration has no other reasons.
    reason: isEventReason(setback.reason) ? setback.reason : 'DeletionUnconfirmed',
    action: 'Deregister',
    message: text,
    regarding: subjectOf(o, record),
  });
  if (isLeft) {
    context.calls.settleAllOf(record, round.key);
  }
  // Of a client in its overlap the object tells, too, before it goes.
  const others = recordsOf(o, record.client.uid).filter(
    ({ registrationSecret }) => registrationSecret !== record.registrationSecret,
  );
  const mayGo = !isLeft || others.length === 0;
  return o.object?.deleting && mayGo ? removeFinalizer(o.object, input) : DONE;
}
