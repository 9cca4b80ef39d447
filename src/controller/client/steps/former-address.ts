import type { RegistrationContent } from '../../../core/content.ts';
import { withProvenAddress } from '../../../core/management.ts';
import type { RegistrationRecord } from '../../../core/record.ts';
import type { HttpOutcome } from '../../../oauth/http-message.ts';
import type { Conclusion, EntryEnd } from '../../calls/guarded-call.ts';
import { DONE, later, type StepInput, type StepResult } from '../round.ts';
import { record } from './record.ts';

/** A call at a client's address, and the record that has the address. */
interface Addressed {
  readonly attempt: string;
  readonly record: RegistrationRecord;
  readonly content: RegistrationContent;
  readonly url: string;
}

/**
 * The last answer brought another address than the one that worked, and nothing is found there: records the one that
 * worked, so that the call is made once more, there, in the next step of this round. Nobody is told: the client is as
 * it was.
 *
 * @param entry what happens to the ledger's entry of the call
 * @returns `undefined` where the answer says nothing against the address, or no other one is known
 */
export function tryFormerAddress(
  { attempt, record: replaces, content, url }: Addressed,
  outcome: HttpOutcome,
  entry: EntryEnd,
  input: StepInput,
): Conclusion<StepResult> | undefined {
  const status = outcome.kind === 'answered' ? outcome.status : undefined;
  const corrected = withProvenAddress(content, url, status);
  if (corrected === undefined) {
    return undefined;
  }
  const finish = async () => {
    input.context.log.info(
      'the management address of the last answer does not work: the former one is used',
      {
        client: `${input.o.namespace}/${input.o.name}`,
        clientId: replaces.clientId,
        status,
      },
    );
    const how = { attempt, replaces, settles: false };
    const written = await record({ record: replaces, content: corrected }, how, input);
    return { entry, result: written === undefined ? NOT_RECORDED : DONE };
  };
  return { shown: 'Nothing', finish };
}

const NOT_RECORDED = later('the management address that worked before could not be recorded');
