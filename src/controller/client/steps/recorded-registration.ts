import { isInUseBy } from '../../../core/home.ts';
import {
  type Recorded,
  type Registration,
  recordRegistration,
  recordRepetition,
} from '../../../core/recorded-answer.ts';
import type { ClientInformation } from '../../../oauth/client-information.ts';
import type { StepInput } from '../round.ts';
import { contentOf } from './read-content.ts';
import { circumstancesOf } from './record.ts';

/**
 * What is recorded of an answered registration. If the server answered with the client that was to be replaced, what the
 * answer leaves out is taken from its record; only then that record is read.
 */
export async function recordedOf(
  registration: Registration,
  information: ClientInformation,
  input: StepInput,
): Promise<Recorded> {
  const circumstances = circumstancesOf(input);
  const recorded = recordRegistration(registration, information, circumstances);
  const { replaces } = registration.step;
  const isComplete = recorded.record.managed && information.clientSecret !== undefined;
  if (replaces === undefined || isComplete || !isInUseBy(recorded.record, replaces)) {
    return recorded;
  }
  const stored = await contentOf(replaces, input);
  return 'notRead' in stored ? recorded : recordRepetition(registration, information, stored, circumstances);
}
