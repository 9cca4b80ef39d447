import { RESOURCES } from '../../../api/kubernetes.ts';
import type { Step } from '../../../core/action.ts';
import type { RegistrationRecord } from '../../../core/record.ts';
import { DONE, notDone, type StepInput, type StepResult } from '../round.ts';

/** Nobody will use or manage the client by this record any more; why, the log says in the words of the plan. */
export function forgetNeedless(
  { record, message }: Extract<Step, { readonly type: 'Forget' }>,
  input: StepInput,
): Promise<StepResult> {
  const {
    o: { namespace, name },
    context,
  } = input;
  const { clientId, issuer, registrationSecret } = record;
  context.log.info('registration Secret removed, and no client ended', {
    client: `${namespace}/${name}`,
    clientId,
    issuer,
    secret: registrationSecret,
    why: message,
  });
  return forget(record, input);
}

/** Removes the record, and the state of its client. */
export async function forget(record: RegistrationRecord, { round, context }: StepInput): Promise<StepResult> {
  const { api, caches, calls, settings, memory } = context;
  const key = { namespace: settings.operatorNamespace, name: record.registrationSecret };
  const gone = await api.delete(RESOURCES.secret, key);
  if (!gone.ok && gone.status !== 404) {
    return notDone(`Registration Secret ${record.registrationSecret} is not removed`, gone);
  }
  const known = caches.registrations.get(key.name);
  if (known !== undefined) {
    caches.registrations.forget(known);
  }
  calls.settleAllOf(record, round.key);
  memory.succeeded(round.key, 'Deregister', record.registrationSecret);
  return DONE;
}
