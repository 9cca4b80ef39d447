import type { PresentServer } from '../../../core/observation.ts';
import type { RegistrationRecord } from '../../../core/record.ts';
import { originOf } from '../../../oauth/url.ts';
import { DONE, type StepInput, type StepResult } from '../round.ts';
import { setBack } from '../setbacks.ts';
import { mark } from './mark.ts';
import { contentOf } from './read-content.ts';
import { notRead } from './report.ts';

/**
 * Adds the server object to a record of an earlier version. Only the record's content names where the client was
 * registered: if that is another origin than the server object's, the record is not changed.
 */
export async function identify(
  record: RegistrationRecord,
  { ref, uid, view }: PresentServer,
  input: StepInput,
): Promise<StepResult> {
  const { round, context } = input;
  const content = await contentOf(record, input);
  if ('notRead' in content) {
    return notRead(content, 'Identify', record.registrationSecret, record, input);
  }
  const registrationOrigin = originOf(content.registrationEndpoint);
  if (!view.available || originOf(view.connection.registrationEndpoint) !== registrationOrigin) {
    const message = `Client ${record.clientId} was registered at ${registrationOrigin}, which is not where ${ref.kind} ${ref.name} registers clients`;
    const failure = { kind: 'Terminal', reason: 'ReplacementPending', message } as const;
    setBack(round.key, { action: 'Identify', basis: record.registrationSecret }, failure, context);
    return DONE;
  }
  const { id: installation } = context.settings.installation;
  return mark(record, { serverUid: uid, registrationOrigin, installation }, context);
}
