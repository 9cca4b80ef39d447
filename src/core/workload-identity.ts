import type { AuthorizationServerSpec, ServerKind } from '../api/authorization-server.ts';
import type { OAuthClientSpec } from '../api/oauth-client.ts';
import type { ClientCodec } from '../dialects/codec.ts';
import type { JsonObject } from '../oauth/json.ts';
import type { ServerConnection, WorkloadIdentityTerms } from './connection.ts';
import type { Problem } from './problem.ts';

/** Clients that authenticate by what the cluster, or a SPIFFE trust domain, issues for their workload: no secret at all. */

/** @returns `undefined`: not offered */
export function workloadIdentityOf(
  kind: ServerKind,
  { workloadIdentity, policy, issuer }: AuthorizationServerSpec,
): WorkloadIdentityTerms | undefined {
  const isPermitted = kind === 'AuthorizationServer' || policy.workloadIdentity !== 'Deny';
  return workloadIdentity.mode === 'Allow' && isPermitted
    ? {
        identityProvider: workloadIdentity.identityProvider,
        audience: workloadIdentity.audience ?? issuer,
        permitsDefaultAccount:
          kind === 'ClusterAuthorizationServer' && policy.workloadIdentity === 'AllowDefaultAccount',
        isShared: kind === 'ClusterAuthorizationServer',
      }
    : undefined;
}

/** The subject of a ServiceAccount's tokens. */
export const subjectOfAccount = (namespace: string, name: string): string =>
  `system:serviceaccount:${namespace}:${name}`;

/** The members by which the client authenticates so, or why it can't; `undefined`: it authenticates in another way. */
export function workloadMembers(
  namespace: string,
  { credential }: Pick<OAuthClientSpec, 'credential'>,
  { codec, workloadIdentity }: Pick<ServerConnection, 'codec' | 'workloadIdentity'>,
): JsonObject | Problem | undefined {
  const { serviceAccount, spiffe } = credential ?? {};
  if (serviceAccount === undefined && spiffe === undefined) {
    return undefined;
  }
  const field = `spec.credential.${serviceAccount === undefined ? 'spiffe' : 'serviceAccount'}`;
  if (workloadIdentity === undefined) {
    return withoutOffer(
      `The server object doesn't offer ${field}. Choose another credential, or ask the platform team to set workloadIdentity.mode, and on a ClusterAuthorizationServer policy.workloadIdentity, to Allow.`,
    );
  }
  return serviceAccount === undefined
    ? spiffeMembers(namespace, spiffe?.id ?? '', codec, workloadIdentity)
    : accountMembers(namespace, serviceAccount.name, codec, workloadIdentity);
}

/** Draft of the OAuth working group on SPIFFE client authentication. */
function spiffeMembers(
  namespace: string,
  id: string,
  codec: ClientCodec | undefined,
  { isShared }: WorkloadIdentityTerms,
): JsonObject | Problem {
  if (codec !== undefined) {
    return withoutOffer(
      'The dialect of the server object has no words for spec.credential.spiffe. Choose another.',
    );
  }
  return isShared && namespaceOfSpiffeId(id) !== namespace
    ? {
        reason: 'PolicyRefused',
        message: `spec.credential.spiffe.id is not one of namespace ${namespace}, and at a ClusterAuthorizationServer nobody may name the workload of another: write spiffe://TRUST-DOMAIN/ns/${namespace}/… or spiffe://TRUST-DOMAIN/${namespace}/….`,
      }
    : { token_endpoint_auth_method: 'spiffe_jwt', spiffe_id: id };
}

/** The first segment of the path, or the second behind `ns`, as SPIRE makes the IDs of Pods. */
function namespaceOfSpiffeId(id: string): string | undefined {
  const segments = id.split('/').slice(3);
  // Of no ID (SPIFFE ID section 2.2): a server that resolves them would read another one.
  const isPlain = !segments.some((segment) => ['', '.', '..'].includes(segment));
  const [namespace, ...rest] = segments[0] === 'ns' ? segments.slice(1) : segments;
  return isPlain && rest.length > 0 ? namespace : undefined;
}

function accountMembers(
  namespace: string,
  name: string,
  codec: ClientCodec | undefined,
  { identityProvider, permitsDefaultAccount }: WorkloadIdentityTerms,
): JsonObject | Problem {
  if (codec === undefined) {
    return withoutOffer(
      'The dialect of the server object has no words for spec.credential.serviceAccount. Choose another credential; at Keycloak 26.7 the platform team can set dialect keycloak-native.',
    );
  }
  if (identityProvider === undefined) {
    return withoutOffer(
      "The server object doesn't name the trust for this cluster. Ask the platform team to set workloadIdentity.identityProvider.",
    );
  }
  if (name === 'default' && !permitsDefaultAccount) {
    return {
      reason: 'PolicyRefused',
      message:
        'spec.credential.serviceAccount is "default", which every Pod of the namespace has that names no other. Create a ServiceAccount for this workload, name it here and in its Pods; or ask the platform team to set spec.policy.workloadIdentity of a ClusterAuthorizationServer to AllowDefaultAccount.',
    };
  }
  return codec.ofServiceAccount({ identityProvider, subject: subjectOfAccount(namespace, name) });
}

const withoutOffer = (message: string): Problem => ({ reason: 'WorkloadIdentityNotOffered', message });
