import type { ServerConnection } from '../../../core/connection.ts';
import { type Failure, failure } from '../../../core/failure.ts';
import type { Management } from '../../../core/management.ts';
import { isHarmlessToRead } from '../../../core/read-due.ts';
import { trustedOfRead } from '../../../core/recorded-answer.ts';
import { type ServerKey, serverNamed } from '../../../core/server-key.ts';
import { salvageClientInformation } from '../../../oauth/client-information.ts';
import type { HttpOutcome } from '../../../oauth/http-message.ts';
import { defined } from '../../../oauth/objects.ts';
import { readRequest, tokenAuthorization } from '../../../oauth/registration.ts';
import type { Sensitive } from '../../../oauth/sensitive.ts';
import type { StepContext } from '../step-context.ts';

/** Both say that the token is good for this client no more; 403 may be said of the call alone. */
const REFUSING: readonly number[] = [401, 404];

/**
 * Some servers fail with 500 over an update whose token they would refuse; Keycloak does, when the client is gone. That
 * is no trouble of the whole server. So where a read changes nothing, the client is asked for with the same token.
 *
 * @returns the refusal; or the failure as it was, with the token that the read brought in place of the one it was made with
 */
export async function refusedOrFailed(
  update: Failure,
  outcome: HttpOutcome,
  { url, credential }: Management & { kind: 'Managed' },
  { server, connection }: { readonly server: ServerKey; readonly connection: ServerConnection },
  context: StepContext,
): Promise<Failure> {
  const { dialect, timeoutMs, transport } = connection;
  const hasFailed = outcome.kind === 'answered' && outcome.status === 500;
  if (!hasFailed || credential.kind !== 'RegistrationAccessToken' || !isHarmlessToRead(dialect)) {
    return update;
  }
  const authorization = tokenAuthorization(credential.token);
  const read = await context.http.send(readRequest({ url, authorization }), {
    timeoutMs,
    transport,
    server: serverNamed(server),
  });
  if (read.kind !== 'answered' || !REFUSING.includes(read.status)) {
    return withRotated(update, read, credential.token, dialect);
  }
  const more = (text: string) =>
    `${text.replace(/\.$/, '')}, and ${read.status} to a read with the same token`;
  const { message, detail } = update;
  const words = defined({ message: more(message), detail: detail && more(detail) });
  return failure('TokenRefused', 'AdmissionRefused', words);
}

/** A read may rotate the token although nobody said so (RFC 7592 section 2.1): the one in hand is then worth nothing. */
function withRotated(
  update: Failure,
  read: HttpOutcome,
  token: Sensitive,
  dialect: ServerConnection['dialect'],
): Failure {
  const body = read.kind === 'answered' && read.status === 200 ? read.body : undefined;
  const answer = body && salvageClientInformation(body);
  if (answer?.registrationAccessToken === undefined || answer.registrationAccessToken.equals(token)) {
    return update;
  }
  return { ...update, partial: trustedOfRead(answer, dialect) };
}

/** The server changes no client, or none that the operator has the means to change. */
export function updateUnsupported(management: Management): Failure {
  const words =
    management.kind === 'Managed' ? { message: "The server doesn't change registered clients" } : management;
  const { message, detail } = { detail: undefined, ...words };
  const reason = management.kind === 'Refused' ? 'ConfigurationURLRefused' : 'UpdateUnsupported';
  return failure('Terminal', reason, defined({ message, detail }));
}
