import { RESOURCES, type Secret } from '../../../api/kubernetes.ts';
import { type RegistrationContent, toContent } from '../../../core/content.ts';
import type { RegistrationRecord } from '../../../core/record.ts';
import type { StepInput } from '../round.ts';

/** Why there is no content: the Secret is missing or damaged, or the read failed, so the cause is unknown. */
export interface NotRead {
  readonly notRead: 'Damaged' | 'Unknown';
  /** For the log. */
  readonly message: string;
}

export async function contentOf(
  record: RegistrationRecord,
  { round, context: { api, settings } }: Pick<StepInput, 'round' | 'context'>,
): Promise<RegistrationContent | NotRead> {
  const known = round.contents.get(record.registrationSecret);
  if (known !== undefined) {
    return known;
  }
  const found = await api.get<Secret>(RESOURCES.secret, {
    namespace: settings.operatorNamespace,
    name: record.registrationSecret,
  });
  if (!found.ok && found.reason !== 'NotFound') {
    return { notRead: 'Unknown', message: found.message };
  }
  const content = found.ok ? toContent(found.object) : undefined;
  if (content === undefined) {
    return { notRead: 'Damaged', message: `Registration Secret ${record.registrationSecret} can't be read` };
  }
  round.contents.set(record.registrationSecret, content);
  return content;
}
