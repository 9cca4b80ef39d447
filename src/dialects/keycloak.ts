import type { ErrorResponse } from '../oauth/error-response.ts';
import type { JsonObject } from '../oauth/json.ts';
import type { Preset } from './dialect.ts';
import { rotatesToken } from './effects.ts';
import { firstOf, isRegistration, listed } from './hints.ts';

/**
 * Keycloak 26.4.7; all observed on a running server unless stated otherwise.
 *
 * - Unknown members are refused with 400, language tags and `software_statement` among them.
 * - `openid` in `scope` is refused with 403 (unless the realm's policy allows it, read in its source), though every
 *   client may request it. Hence it isn't sent.
 * - `contacts`, `software_id`, `software_version`, `default_max_age`, `require_auth_time` and `initiate_login_uri` are
 *   dropped silently, so they aren't sent and status reports that. `application_type` is dropped too, but is sent,
 *   since newer protocols on top require it.
 * - PUT changes only the members that it contains. `""` and `[]` clear a member, `null` has no effect; `request_uris`
 *   can't be cleared, and an empty `subject_type` is answered with 500. Left out, `token_endpoint_auth_method` and
 *   `response_types` are reset.
 * - PUT gives a new token, GET the same; both give the secret as it is. An echoed secret is ignored.
 * - A deleted client answers 401 to its own token, 404 to an administrator's; but 500 to an update that contains
 *   scopes.
 * - `backchannel_logout_session_required` is answered as false, whatever was registered; left out, it becomes true.
 * - A 403 insufficient_scope is mostly a registration policy of the realm and stays until somebody changes it. So it
 *   isn't taken for a refused token, though it may be one: of a service account without the role create-client.
 * - 26.6.2 to 26.6.4 answer an invalid token with 500 (read in its issues): no switch can handle that.
 */
export const keycloak: Preset = {
  departures: {
    languageTags: 'Omit',
    membersNotSent: [
      'contacts',
      'software_id',
      'software_version',
      'default_max_age',
      'require_auth_time',
      'initiate_login_uri',
    ],
    scopesNotSent: ['openid'],
    clearBy: 'Empty',
    updateEffect: rotatesToken,
    secretOnRead: 'Trust',
    tokenRefusals: ['access_denied', 'invalid_token', 'invalid_client'],
  },
  hint: firstOf(policyHint, unknownMembersHint, usedUpToken),
};

/** For the server's own form, too: about policies of the realm and initial access tokens. */
export const realmHint = firstOf(policyHint, usedUpToken);

const WHERE = 'in Clients > Client registration of the realm';

function policyHint(
  { status, error, description = '' }: ErrorResponse,
  sent: JsonObject,
): string | undefined {
  if (status !== 403 || error !== 'insufficient_scope') {
    return undefined;
  }
  if (/Allowed Client Scopes|clientScope/i.test(description)) {
    const asked = typeof sent['scope'] === 'string' ? sent['scope'].split(' ').filter(Boolean) : [];
    return `The policy Allowed Client Scopes refuses at least one of the scopes asked for (${listed(asked)}): each must be a client scope of the realm and be allowed by the policy (${WHERE}, for anonymous and for authenticated access apart), or be removed from spec.client.scopes.`;
  }
  if (/Trusted Hosts|trusted host|host not trusted/i.test(description)) {
    return `The policy Trusted Hosts lets only listed hosts register without a token: set spec.registration.admission.initialAccessToken of the server object, or list the host that the operator's calls come from, and those of the client's URIs, in the policy (${WHERE}).`;
  }
  if (/Max Clients/i.test(description)) {
    return `The realm has as many clients as the policy Max Clients Limit permits: raise the limit (${WHERE}), delete clients, or use spec.registration.admission.initialAccessToken, which that policy doesn't bind.`;
  }
  if (/^Policy /.test(description)) {
    return `A client registration policy of the realm refuses this client: change the policy (${WHERE}) or what it refuses in spec.client.`;
  }
  return isRegistration(sent)
    ? 'The token that was sent may lack the right to register: an initial access token of this realm has it, or a service account with the role create-client of realm-management.'
    : undefined;
}

/** The members of OIDCClientRepresentation of 26.4.7, without those that only answers have. */
const KNOWN = new Set(
  (
    'redirect_uris token_endpoint_auth_method token_endpoint_auth_signing_alg grant_types response_types ' +
    'application_type client_id client_secret client_name client_uri logo_uri scope contacts tos_uri policy_uri ' +
    'jwks_uri jwks sector_identifier_uri subject_type id_token_signed_response_alg ' +
    'id_token_encrypted_response_alg id_token_encrypted_response_enc userinfo_signed_response_alg ' +
    'userinfo_encrypted_response_alg userinfo_encrypted_response_enc request_object_signing_alg ' +
    'request_object_encryption_alg request_object_encryption_enc default_max_age require_auth_time ' +
    'default_acr_values initiate_login_uri request_uris tls_client_certificate_bound_access_tokens ' +
    'tls_client_auth_subject_dn dpop_bound_access_tokens post_logout_redirect_uris software_id software_version ' +
    'backchannel_logout_uri backchannel_logout_session_required backchannel_logout_revoke_offline_tokens ' +
    'backchannel_token_delivery_mode backchannel_client_notification_endpoint ' +
    'backchannel_authentication_request_signing_alg authorization_signed_response_alg ' +
    'authorization_encrypted_response_alg authorization_encrypted_response_enc ' +
    'require_pushed_authorization_requests frontchannel_logout_uri frontchannel_logout_session_required'
  ).split(' '),
);

/**
 * Unknown members aren't withheld: a client without, for example, a signed request object isn't the client that was
 * declared.
 */
function unknownMembersHint({ status, error = '' }: ErrorResponse, sent: JsonObject): string | undefined {
  const unknown = Object.keys(sent).filter((member) => !KNOWN.has(member));
  if (
    status !== 400 ||
    !/Unrecognized field|Invalid json representation/i.test(error) ||
    unknown.length === 0
  ) {
    return undefined;
  }
  if (unknown.includes('software_statement')) {
    return 'Keycloak takes no software statements: remove the softwareStatement of the server object or of the client.';
  }
  return `Keycloak refuses members that it doesn't know, here ${listed(unknown)}: remove them from spec.client, or list them in spec.dialectOverrides.membersNotSent of the server object.`;
}

function usedUpToken({ status, description = '' }: ErrorResponse): string | undefined {
  return status === 401 && /no remaining count/i.test(description)
    ? 'The initial access token is used up: create another with a higher count and put it into the Secret of spec.registration.admission.initialAccessToken.'
    : undefined;
}
