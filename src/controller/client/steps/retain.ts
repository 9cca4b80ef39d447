import { RESOURCES, type Secret } from '../../../api/kubernetes.ts';
import type { TakeOverStep } from '../../../core/action.ts';
import type { RegistrationContent } from '../../../core/content.ts';
import { failure } from '../../../core/failure.ts';
import type { ObservedClient } from '../../../core/observation.ts';
import type { RegistrationRecord } from '../../../core/record.ts';
import type { ObservedSecret } from '../../../core/workload-secret.ts';
import { DONE, type StepInput, type StepResult } from '../round.ts';
import type { StepContext } from '../step-context.ts';
import { removeFinalizer } from './finalizer.ts';
import { mark } from './mark.ts';
import { contentOf } from './read-content.ts';
import { failed, notRead, subjectOf } from './report.ts';

/** Keeps the client after its object is deleted: the record waits for a later object of the same name. */
export async function retain(
  object: ObservedClient | undefined,
  record: RegistrationRecord,
  input: StepInput,
): Promise<StepResult> {
  const { o, context } = input;
  const marked = await mark(record, { role: 'retained' }, context);
  if (marked.kind === 'later') {
    return marked;
  }
  context.events.record({
    reason: 'Retained',
    action: 'Retain',
    message: `Client ${record.clientId} at ${record.issuer} is kept, as deletionPolicy Retain says. An OAuthClient ${o.name} created in this namespace takes it over.`,
    regarding: subjectOf(o, record),
  });
  return object?.hasFinalizer ? removeFinalizer(object, input) : DONE;
}

/** Copies `deletionPolicy` to the record, since an object can vanish without a deletion that we see. */
export function notePolicy(
  record: RegistrationRecord,
  retain: boolean,
  context: StepContext,
): Promise<StepResult> {
  return mark(record, { deletionPolicy: retain ? 'Retain' : null }, context);
}

/** Makes this object the owner of the client; differences from its spec are updated next. */
export async function takeOver(
  { object, record, proof, basis }: TakeOverStep,
  input: StepInput,
): Promise<StepResult> {
  const { o, context } = input;
  const content = proof && (await contentOf(record, input));
  if (content !== undefined && 'notRead' in content) {
    return notRead(content, 'TakeOver', basis, record, input);
  }
  if (proof !== undefined && content !== undefined && !(await holds(proof, content, context))) {
    const message = `Secret ${proof.name} names registration ${record.registrationSecret} and doesn't hold its credentials`;
    const unproven = failure('Terminal', 'RegistrationRecordMissing', message);
    return failed('TakeOver', basis, unproven, input);
  }
  const { uid } = object;
  return mark(record, { uid, role: 'current', namespaceUid: o.namespaceUid }, context);
}

/** Whether the author of the Secret had the client's credentials. A public client has only its id. */
async function holds(
  { namespace, name }: ObservedSecret,
  { information, keys }: RegistrationContent,
  { api }: StepContext,
): Promise<boolean> {
  const found = await api.get<Secret>(RESOURCES.secret, { namespace, name });
  const data = found.ok ? Object.values(found.object.data ?? {}) : [];
  const held = new Set(data.map((value) => Buffer.from(value, 'base64').toString()));
  const secrets = [information.clientSecret, keys[0]?.privatePem].filter((secret) => secret !== undefined);
  const known = secrets.some((secret) => held.has(secret.reveal()));
  return known || (secrets.length === 0 && held.has(information.clientId));
}
