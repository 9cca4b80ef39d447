import type { ServerConnection } from '../../core/connection.ts';
import type { OwnCredential } from '../../core/own-credential.ts';
import { classifyProbe, type ProbeRequest, type ProbeVerdict } from '../../core/probe.ts';
import { type ServerKey, serverNamed } from '../../core/server-key.ts';
import { viewersOf } from '../../core/tell.ts';
import { describeError, readErrorResponse } from '../../oauth/error-response.ts';
import type { Sensitive } from '../../oauth/sensitive.ts';
import { sentCredentials } from '../../oauth/sent-credentials.ts';
import { SigningError } from '../../oauth/signing-key.ts';
import { authenticatedForm, revocationRequest } from '../../oauth/token-request.ts';
import type { Context } from '../context.ts';
import { clientAuthentication } from './admission.ts';

/** Asks a token endpoint whether it accepts a client's credential. A token that it gives is revoked, and kept nowhere. */

type AskContext = Pick<Context, 'clock' | 'http' | 'jwt' | 'log' | 'random'>;

/** A client's credential, and where it is tried. */
interface Asked {
  readonly own: OwnCredential;
  readonly request: ProbeRequest;
  readonly tokenEndpoint: string;
  readonly server: ServerKey;
  readonly connection: ServerConnection;
  /** Values that messages must not repeat. */
  readonly secrets: readonly Sensitive[];
}

/** One request, and a second one where the server may want another audience in the client's assertion. */
export async function askTokenEndpoint(asked: Asked, context: AskContext): Promise<ProbeVerdict> {
  const verdict = await askOnce(asked, context);
  const other = withOtherAudience(asked);
  return verdict.kind === 'Refused' && other !== undefined ? askOnce(other, context) : verdict;
}

/** Servers differ in the audience that they want: the issuer, or the token endpoint (RFC 7523 section 3). */
function withOtherAudience(asked: Asked): Asked | undefined {
  const { authentication } = asked.own;
  return 'audience' in authentication
    ? { ...asked, own: { ...asked.own, authentication: { ...authentication, audience: 'TokenEndpoint' } } }
    : undefined;
}

async function askOnce(asked: Asked, context: AskContext): Promise<ProbeVerdict> {
  try {
    return await send(asked, context);
  } catch (error) {
    if (error instanceof SigningError) {
      return { kind: 'Inconclusive', message: `The key of the client can't sign: ${error.message}` };
    }
    throw error;
  }
}

async function send(asked: Asked, context: AskContext): Promise<ProbeVerdict> {
  const { own, request, tokenEndpoint, server, connection } = asked;
  const { timeoutMs, transport } = connection;
  const authentication = await clientAuthentication(own, tokenEndpoint, connection, context);
  const { clientId } = own;
  const call = authenticatedForm(tokenEndpoint, { clientId, authentication }, request.parameters);
  const name = serverNamed(server);
  const outcome = await context.http.send(call, { timeoutMs, transport, server: name });
  const verdict = classifyProbe(outcome, {
    kind: request.kind,
    clientId,
    isPublic: own.authentication.method === 'none',
    secrets: [...asked.secrets, ...sentCredentials(call)],
    now: context.clock.now(),
    viewers: viewersOf(name.kind),
    call,
  });
  if (verdict.kind === 'Accepted' && verdict.token !== undefined) {
    await revoke(asked, verdict.token, context);
  }
  return verdict;
}

/** RFC 7009. What can't be revoked ends by itself; only the log says so. */
async function revoke(asked: Asked, token: Sensitive, context: AskContext): Promise<void> {
  const { own, tokenEndpoint, server, connection } = asked;
  const { timeoutMs, transport, verification } = connection;
  const { revocationEndpoint } = verification;
  if (revocationEndpoint === undefined) {
    return;
  }
  const authentication = await clientAuthentication(own, tokenEndpoint, connection, context);
  const { clientId } = own;
  const call = revocationRequest(revocationEndpoint, { clientId, authentication }, token);
  const outcome = await context.http.send(call, { timeoutMs, transport, server: serverNamed(server) });
  if (outcome.kind === 'answered' && outcome.status >= 200 && outcome.status < 300) {
    return;
  }
  const secrets = [...asked.secrets, ...sentCredentials(call), token];
  const why =
    outcome.kind === 'answered' ? describeError(readErrorResponse(outcome, secrets)) : outcome.detail;
  context.log.info('an access token that showed that a credential works was not revoked', {
    server,
    client: clientId,
    why,
  });
}
