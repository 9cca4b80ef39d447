import { type KubernetesObject, RESOURCES } from '../../api/kubernetes.ts';
import type {
  ApiResult,
  AssertionRefusal,
  AssertionTokens,
  IssuedAssertion,
  KubernetesApi,
} from '../../controller/ports.ts';
import { type ApiServerIdentity, apiServerAudienceProblem, tokenClaimsOf } from '../../core/assertion.ts';
import { Sensitive } from '../../oauth/sensitive.ts';

/**
 * {@link AssertionTokens} by the TokenRequest API. The audiences of the API server are those of the operator's own token: a
 * token that is asked for without an audience, as that of a pod is, gets all that the API server accepts.
 */

/** The least that the API server permits. */
const LIFETIME_SECONDS = 600;

interface ServiceAccountTokenRequest extends KubernetesObject {
  readonly spec: { readonly audiences: readonly string[]; readonly expirationSeconds: number };
  readonly status?: { readonly token?: string };
}

interface Options {
  readonly api: Pick<KubernetesApi, 'create'>;
  /** The headers that identify the operator to the API server. */
  readonly headers: () => Promise<Readonly<Record<string, string>>>;
  /** Of the operator. */
  readonly namespace: string;
  /** Name of the ServiceAccount whose tokens are asked for. */
  readonly account: string;
}

export function createAssertionTokens({ api, headers, namespace, account }: Options): AssertionTokens {
  return {
    async issue(audience) {
      const own = identityIn(await headers());
      if (own === undefined) {
        return refused('AudienceRefused', OWN_TOKEN_UNREADABLE);
      }
      const problem = apiServerAudienceProblem(audience, own);
      if (problem !== undefined) {
        return refused('AudienceRefused', problem);
      }
      const asked = { audiences: [audience], expirationSeconds: LIFETIME_SECONDS };
      const answer = await api.create<ServiceAccountTokenRequest>(RESOURCES.tokenRequest, {
        metadata: { name: account, namespace },
        spec: asked,
      });
      const subject = `system:serviceaccount:${namespace}:${account}`;
      return answer.ok
        ? checked(answer.object.status?.token ?? '', { subject, audience })
        : notIssued(answer, `${namespace}/${account}`);
    },
  };
}

const OWN_TOKEN_UNREADABLE =
  "No token is issued, since the audiences of the API server are not known: the operator's own credential for the API server is no ServiceAccount token. Run the operator with that of its ServiceAccount.";

/** What the operator's own token says; `undefined` where it has none that can be read. */
function identityIn({ authorization = '' }: Readonly<Record<string, string>>): ApiServerIdentity | undefined {
  const [, token = ''] = /^Bearer (\S+)$/.exec(authorization) ?? [];
  return tokenClaimsOf(token);
}

/** What is sent is what was asked for: a token of this account, for this audience and no other. */
function checked(
  token: string,
  { subject, audience }: { readonly subject: string; readonly audience: string },
): IssuedAssertion | AssertionRefusal {
  const claims = tokenClaimsOf(token);
  return claims?.subject === subject && claims.audiences.length === 1 && claims.audiences[0] === audience
    ? { token: new Sensitive(token), issuer: claims.issuer, subject }
    : refused(
        'AudienceRefused',
        `The API server gave no token of ${subject} for the audience "${audience}" alone; nothing is sent. Look at what changes TokenRequests in this cluster.`,
      );
}

function notIssued(
  { status, message }: Extract<ApiResult<unknown>, { ok: false }>,
  account: string,
): AssertionRefusal {
  switch (status) {
    case 404:
      return refused(
        'ServiceAccountNotFound',
        `ServiceAccount ${account} doesn't exist, and its tokens admit the operator. Apply the manifests or the chart of this version.`,
      );
    case 403:
      return refused(
        'AdmissionTokenFailed',
        `The operator has no right to create tokens of ServiceAccount ${account}: ${message}. Apply the manifests or the chart of this version.`,
      );
    default:
      return {
        ...refused(
          'AdmissionTokenFailed',
          `The API server gave no token of ServiceAccount ${account}: ${message}. It is tried again.`,
        ),
        isTransient: status === 0 || status === 429 || status >= 500,
      };
  }
}

const refused = (reason: AssertionRefusal['reason'], message: string): AssertionRefusal => ({
  reason,
  message,
  isTransient: false,
});
