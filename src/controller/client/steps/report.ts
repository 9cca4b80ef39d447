import type { EventReason } from '../../../api/events.ts';
import type { Failure } from '../../../core/failure.ts';
import type { Observation, SetbackAction } from '../../../core/observation.ts';
import type { RegistrationRecord } from '../../../core/record.ts';
import { presentable } from '../../../oauth/error-response.ts';
import type { EventSubject } from '../../durable/events.ts';
import { isRefusal } from '../../state/refused-writes.ts';
import { DONE, later, notDone, type StepInput, type StepResult } from '../round.ts';
import { setBack, withCure } from '../setbacks.ts';
import type { NotRead } from './read-content.ts';

/** The registration Secret has no usable content. If the read failed, it is retried. */
export function notRead(
  { notRead: why, message: said }: NotRead,
  action: SetbackAction,
  basis: string,
  record: RegistrationRecord,
  { round, context }: StepInput,
): StepResult {
  if (why === 'Unknown') {
    return later(
      `Registration Secret ${record.registrationSecret} could not be read: ${presentable(said, [])}`,
    );
  }
  const { operatorNamespace } = context.settings;
  const message = `Registration Secret ${operatorNamespace}/${record.registrationSecret} can't be read`;
  const missing = { kind: 'Transient', reason: 'RegistrationRecordMissing', message } as const;
  setBack(round.key, { action, basis }, missing, context);
  return DONE;
}

/** Stores the failure as a setback; a terminal one gets an Event. */
export function failed(
  action: SetbackAction,
  basis: string,
  failure: Failure,
  input: StepInput,
  retryAfterMs?: number,
): StepResult {
  const { round, context } = input;
  const setback = setBack(round.key, { action, basis }, failure, context, retryAfterMs);
  if (setback.kind === 'Terminal' && action !== 'Deregister') {
    warn(failure.reason, action, failure.message, input, failure.detail);
  }
  return DONE;
}

/**
 * The API server did not accept a write. A refusal is in the log at once.
 *
 * @param what as in {@link notDone}
 */
export function notWritten(
  what: string,
  result: { readonly status: number; readonly message: string },
  { o, context: { log } }: StepInput,
): StepResult {
  const { status, message } = result;
  if (isRefusal(result)) {
    log.warn('the API server refuses a write', { client: `${o.namespace}/${o.name}`, what, status, message });
  }
  return notDone(what, result);
}

/** @param detail for the log, if it contains more than `message` */
export function warn(
  reason: EventReason,
  action: string,
  message: string,
  { o, context: { events, log } }: StepInput,
  detail = message,
): void {
  log.warn('client needs attention', { client: `${o.namespace}/${o.name}`, action, reason, detail });
  events.record({
    reason,
    action,
    message: withCure(message, reason),
    regarding: subjectOf(o, o.records[0]),
  });
}

/** The OAuthClient, as the object that an Event is about. */
export function subjectOf(o: Observation, record: RegistrationRecord | undefined): EventSubject {
  const { namespace, name, namespaceTerminating, namespaceUid } = o;
  return {
    kind: 'OAuthClient',
    namespace,
    name,
    uid: o.object?.uid ?? record?.client.uid ?? '',
    namespaceTerminating: namespaceTerminating || namespaceUid === '',
  };
}
