import { RESOURCES } from '../../../api/kubernetes.ts';
import type { RegistrationRecord } from '../../../core/record.ts';
import { DONE, notDone, type StepInput, type StepResult } from '../round.ts';

/** The client's namespace and its server object are deleted: nobody will use or manage the client any more. */
export function forgetLeftBehind(record: RegistrationRecord, input: StepInput): Promise<StepResult> {
  const {
    o: { namespace, name },
    context,
  } = input;
  const { clientId, issuer, registrationSecret } = record;
  context.log.info('record of a client left behind removed: its namespace is gone', {
    client: `${namespace}/${name}`,
    clientId,
    issuer,
    secret: registrationSecret,
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
