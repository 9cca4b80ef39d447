/** Members that a client may send, by the kind of their value (IANA, OAuth Dynamic Client Registration Metadata). */
const MEMBERS = {
  array: `redirect_uris grant_types response_types contacts default_acr_values request_uris
    post_logout_redirect_uris authorization_details_types claims_redirect_uris client_registration_types keywords
    encrypted_response_enc_values_supported`,
  object: 'jwks vp_formats_supported',
  boolean: `require_auth_time frontchannel_logout_session_required backchannel_logout_session_required
    tls_client_certificate_bound_access_tokens require_signed_request_object require_pushed_authorization_requests
    dpop_bound_access_tokens use_mtls_endpoint_aliases`,
  number: 'default_max_age',
  string: `token_endpoint_auth_method client_name client_uri logo_uri scope tos_uri policy_uri jwks_uri software_id
    software_version software_statement application_type sector_identifier_uri subject_type
    id_token_signed_response_alg id_token_encrypted_response_alg id_token_encrypted_response_enc
    userinfo_signed_response_alg userinfo_encrypted_response_alg userinfo_encrypted_response_enc
    request_object_signing_alg request_object_encryption_alg request_object_encryption_enc
    token_endpoint_auth_signing_alg initiate_login_uri frontchannel_logout_uri backchannel_logout_uri
    tls_client_auth_subject_dn tls_client_auth_san_dns tls_client_auth_san_uri tls_client_auth_san_ip
    tls_client_auth_san_email introspection_signed_response_alg introspection_encrypted_response_alg
    introspection_encrypted_response_enc nfv_token_signed_response_alg nfv_token_encrypted_response_alg
    nfv_token_encrypted_response_enc signed_jwks_uri organization_name description information_uri
    organization_uri`,
} as const;

export type Kind = keyof typeof MEMBERS;

const KINDS: ReadonlyMap<string, Kind> = new Map(
  (Object.keys(MEMBERS) as Kind[]).flatMap((kind) =>
    MEMBERS[kind].split(/\s+/).map((member) => [member, kind] as const),
  ),
);

/** What only the server says. */
export const SERVER_MEMBERS = [
  'registration_access_token',
  'registration_client_uri',
  'client_secret_expires_at',
  'client_id_issued_at',
] as const;

/** The kind of a member's value, language tag or not; `undefined` for a member that no standard knows. */
export const kindOf = (member: string): Kind | undefined => KINDS.get(withoutTag(member));

/** `client_name` of `client_name#ja`. */
export const withoutTag = (member: string): string => member.split('#', 1)[0] ?? member;

export function isOfKind(value: unknown, kind: Kind): boolean {
  if (kind === 'array') {
    return Array.isArray(value);
  }
  return kind === 'object'
    ? typeof value === 'object' && value !== null && !Array.isArray(value)
    : typeof value === kind;
}
