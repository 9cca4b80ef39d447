import type { NewCondition } from '../api/conditions.ts';
import { metadataNote, sizeNote } from '../oauth/client-document.ts';
import { isDocumentSeen } from './document-state.ts';
import { documentBasis } from './document-visits.ts';
import { setbackOf } from './earlier-calls.ts';
import { wantedNow } from './not-offered.ts';
import type { Observation } from './observation.ts';
import type { RegistrationRecord } from './record.ts';

const type = 'DocumentServed';

/** Whether servers can fetch the document of a client that a document identifies, and what not all of them take in it. */
export function documentCondition(
  o: Observation,
  record: RegistrationRecord | undefined,
): readonly NewCondition[] {
  const { document } = record ?? {};
  if (record === undefined || document === undefined) {
    return [];
  }
  if (document.withdrawnAt !== undefined) {
    const message = `Document ${record.clientId} was withdrawn at ${document.withdrawnAt}.`;
    return [{ type, status: 'False', reason: 'DocumentWithdrawn', message }];
  }
  const failed = setbackOf(o, 'CheckDocument', documentBasis(o, record, document));
  if (isDocumentSeen(document) && (failed === undefined || failed.reason === 'Queued')) {
    const message = servedMessage(o, record, document.large ?? 0);
    return [{ type, status: 'True', reason: 'DocumentServed', message }];
  }
  const { reason = 'Queued', message = 'The document is being published.' } = failed ?? {};
  return [{ type, status: 'False', reason, message }];
}

/** Where the server is not known now, what was said of the same spec stays. */
function servedMessage(o: Observation, { clientId }: RegistrationRecord, bytes: number): string {
  const served = `Document ${clientId} was fetched through its public URL, as it is to be served.`;
  const { object } = o;
  const before = object?.status.conditions?.find((condition) => condition.type === type);
  const wanted = wantedNow(o);
  if (wanted === undefined && before?.observedGeneration === object?.generation) {
    return before?.message.startsWith(served) ? before.message : served;
  }
  const note = wanted && metadataNote(clientId, wanted.document, wanted.offered.scope);
  return [served, sizeNote(bytes), note].filter((sentence) => sentence !== undefined).join(' ');
}
