import type { ServerKind } from '../api/authorization-server.ts';
import { parseJsonObject } from '../oauth/json.ts';
import { originOf } from '../oauth/url.ts';
import type { Admission, Credential, ServiceAccountAssertion } from './connection.ts';

/**
 * Client assertions by tokens that the cluster issues for the ServiceAccount `oauth-registrar-assertion` (RFC 7523): for
 * whom one may be issued, and where it may go.
 */

/** The assertions by which the credentials of a server object are obtained. */
export const assertionsOf = (
  admission: Admission,
  management: Credential | undefined,
): readonly ServiceAccountAssertion[] =>
  [admission, management].flatMap((credential) => {
    const assertion = assertionOf(credential);
    return assertion === undefined ? [] : [assertion];
  });

/** The assertion by which this credential is obtained; `undefined`: it is obtained in another way. */
export const assertionOf = (credential: Admission | undefined): ServiceAccountAssertion | undefined =>
  credential?.kind === 'ClientCredentials' && credential.authentication.method === 'ServiceAccountToken'
    ? credential.authentication
    : undefined;

/**
 * Why no token may be issued for this audience; `undefined`: it may.
 *
 * @param permitted besides the issuer: values of `--assertion-audiences`
 */
export const audienceProblem = (
  { audience, issuer }: Pick<ServiceAccountAssertion, 'audience' | 'issuer'>,
  permitted: readonly string[],
): string | undefined =>
  audience === issuer || permitted.includes(audience)
    ? undefined
    : `No token is issued for the audience "${audience}", which is neither spec.issuer nor listed in the flag --assertion-audiences of the operator. Remove clientCredentials.audience, or list it there.`;

/** What the operator's own token says of the API server, which accepts it. */
export interface ApiServerIdentity {
  readonly issuer: string;
  readonly audiences: readonly string[];
}

/** Names under which API servers are known inside of clusters. */
const IN_CLUSTER = /^(https?:\/\/)?kubernetes(\.default(\.svc(\.[a-z0-9.-]+)?)?)?(:\d+)?\/?$/i;

/** Why no token may be issued for this audience: the API server would accept it as its own. */
export const apiServerAudienceProblem = (
  audience: string,
  { issuer, audiences }: ApiServerIdentity,
): string | undefined =>
  audience === issuer || audiences.includes(audience) || IN_CLUSTER.test(audience)
    ? `No token is issued for the audience "${audience}", which is one of the API server's: with it, the authorization server could call the API server. Set spec.issuer or clientCredentials.audience to what the authorization server expects.`
    : undefined;

/** Why the token may not be sent for this kind of server object, or to this endpoint; `undefined`: it may. */
export function destinationProblem(
  { issuer, givenEndpoint }: ServiceAccountAssertion,
  kind: ServerKind,
  tokenEndpoint: string,
): string | undefined {
  if (kind !== 'ClusterAuthorizationServer') {
    return 'authMethod ServiceAccountToken is for a ClusterAuthorizationServer alone. Choose another authMethod.';
  }
  return tokenEndpoint === givenEndpoint || originOf(tokenEndpoint) === originOf(issuer)
    ? undefined
    : `The token endpoint is at ${originOf(tokenEndpoint)}, another origin than the issuer's, and no token of the cluster is sent there. If you trust it, set spec.endpoints.token.`;
}

/** The claims that say whose token it is and whom it is for; `undefined`: it is no JWT that the cluster issued. */
interface TokenClaims {
  readonly issuer: string;
  readonly subject: string;
  readonly audiences: readonly string[];
}

/** Reads the claims without verifying anything: of tokens that the API server gave. */
export function tokenClaimsOf(jwt: string): TokenClaims | undefined {
  const payload = parseJsonObject(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString());
  if (payload === undefined) {
    return undefined;
  }
  const { iss: issuer, sub: subject, aud } = payload;
  const audiences = Array.isArray(aud) ? aud : [aud];
  return typeof issuer === 'string' &&
    typeof subject === 'string' &&
    audiences.every((audience) => typeof audience === 'string')
    ? { issuer, subject, audiences }
    : undefined;
}
