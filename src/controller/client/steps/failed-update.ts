import type { ServerConnection } from '../../../core/connection.ts';
import { type Failure, failure } from '../../../core/failure.ts';
import type { Management, ManagementCredential } from '../../../core/management.ts';
import { isHarmlessToRead } from '../../../core/read-due.ts';
import { trustedOfRead } from '../../../core/recorded-answer.ts';
import { mayLackCall } from '../../../core/unsupported-calls.ts';
import { isFromApi } from '../../../oauth/body-form.ts';
import { salvageClientInformation } from '../../../oauth/client-information.ts';
import type { HttpOutcome } from '../../../oauth/http-message.ts';
import { defined } from '../../../oauth/objects.ts';
import { isNotRead, type ReadAgain } from './forgotten.ts';

/** Both mean that the token is no longer valid for this client; 403 may concern this call only. */
const REFUSING: readonly number[] = [401, 404];

/**
 * Some servers answer 500 to an update with a token that they would refuse; Keycloak does when the client is deleted. Then
 * the server as a whole isn't failing. So if reads change nothing, this reads the client with the same token.
 *
 * @param again the read, which may have been made
 * @returns the refusal; or the same failure, with the new token if the read rotated it
 */
export async function refusedOrFailed(
  update: Failure,
  outcome: HttpOutcome,
  management: Management & { kind: 'Managed' },
  { dialect }: Pick<ServerConnection, 'dialect'>,
  again: ReadAgain,
): Promise<Failure> {
  const { credential } = management;
  const status = outcome.kind === 'answered' ? outcome.status : 0;
  const mayLack = mayLackCall(outcome);
  const isFailing = status === 500 && credential.kind === 'RegistrationAccessToken';
  if (!isHarmlessToRead(dialect) || !(mayLack || isFailing || again.isMade())) {
    return update;
  }
  const read = await again.outcome();
  if (isNotRead(read)) {
    return update;
  }
  if (mayLack) {
    return showsClient(read) ? withRotated(lacksPut(update), read, credential, dialect) : update;
  }
  if (!isFailing || read.kind !== 'answered' || !REFUSING.includes(read.status) || !isFromApi(read)) {
    return withRotated(update, read, credential, dialect);
  }
  const more = (text: string) =>
    `${text.replace(/\.$/, '')}, and ${read.status} to a read with the same token`;
  const { message, detail } = update;
  const words = defined({ message: more(message), detail: detail && more(detail) });
  return failure('TokenRefused', 'AdmissionRefused', words);
}

const showsClient = (read: HttpOutcome): boolean =>
  read.kind === 'answered' && read.status === 200 && salvageClientInformation(read.body) !== undefined;

function lacksPut(update: Failure): Failure {
  const more = (text: string) =>
    `${text.replace(/\.$/, '')}, and a read with the same token shows the client: the server has no way to change it`;
  const { message, detail } = update;
  const words = defined({ message: more(message), detail: detail && more(detail) });
  return failure('Unsupported', 'UpdateUnsupported', words, { isCallLacking: true });
}

/** A read may rotate the token even if the dialect doesn't say so (RFC 7592 section 2.1): the old one is then invalid. */
function withRotated(
  update: Failure,
  read: HttpOutcome,
  credential: ManagementCredential,
  dialect: ServerConnection['dialect'],
): Failure {
  if (credential.kind !== 'RegistrationAccessToken') {
    return update;
  }
  const { token } = credential;
  const body = read.kind === 'answered' && read.status === 200 ? read.body : undefined;
  const answer = body && salvageClientInformation(body);
  if (answer?.registrationAccessToken === undefined || answer.registrationAccessToken.equals(token)) {
    return update;
  }
  return { ...update, partial: trustedOfRead(answer, dialect) };
}

/** The server doesn't support updates, or the operator lacks the URL or token for them. */
export function updateUnsupported(management: Management): Failure {
  const words =
    management.kind === 'Managed' ? { message: "The server doesn't change registered clients" } : management;
  const { message, detail } = { detail: undefined, ...words };
  const reason = management.kind === 'Refused' ? 'ConfigurationURLRefused' : 'UpdateUnsupported';
  return failure('Terminal', reason, defined({ message, detail }));
}
