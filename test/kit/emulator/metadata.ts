import type { JsonObject, MetadataRules, Substitution } from './behaviour.ts';
import { Refused } from './error-answer.ts';
import { isOfKind, kindOf, SERVER_MEMBERS, withoutTag } from './known-members.ts';
import { objectOf } from './message.ts';
import { strings, words } from './server-state.ts';

/** Members that answers have in addition to metadata. */
const BESIDE = ['client_id', 'client_secret', ...SERVER_MEMBERS, 'software_statement'];

/** Of the workload that authenticates by a JWT-SVID. */
const SPIFFE_ID = 'spiffe_id';

/**
 * The metadata that a body asks for, in the server's own form: known members only, `scope` as one string, `jwks` as an
 * object; `null` counts as absent (RFC 7592 section 2.2). @throws Refused
 */
export function readMetadata(rules: MetadataRules, body: JsonObject): JsonObject {
  const read: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(body)) {
    refuseMember(rules, name, value);
    const member = memberOf(rules, name);
    if (member !== undefined && value !== null) {
      read[member] = member === 'jwks' ? readJwks(rules, value) : readValue(member, value);
    }
  }
  const scope = readScope(rules, body);
  return scope === undefined ? read : { ...read, scope };
}

function refuseMember(rules: MetadataRules, name: string, value: unknown): void {
  const refusal = rules.refusedMembers[name];
  if (refusal !== undefined) {
    throw new Refused('refusedMember', refusal);
  }
  if (rules.emptyStrings === 'refused' && value === '') {
    throw new Refused('invalidMember');
  }
}

/** Under which name a member is kept; `undefined`: it is not. */
function memberOf(rules: MetadataRules, name: string): string | undefined {
  if (BESIDE.includes(name) || name === 'scope' || name === 'scopes') {
    return undefined;
  }
  const tagged = name.includes('#');
  const isKnown =
    kindOf(name) !== undefined ||
    rules.extraMembers.includes(withoutTag(name)) ||
    (name === SPIFFE_ID && rules.spiffeTrustDomains.length > 0);
  if (isKnown && !(tagged && rules.languageTags === 'unknownMember')) {
    const dropped = tagged && rules.languageTags === 'dropped';
    return dropped ? undefined : rules.languageTags === 'lowercased' ? name.toLowerCase() : name;
  }
  if (rules.unknownMembers === 'refused') {
    throw new Refused('unknownMember');
  }
  return rules.unknownMembers === 'kept' ? name : undefined;
}

function readValue(member: string, value: unknown): unknown {
  const kind = kindOf(member);
  if (kind !== undefined && !isOfKind(value, kind)) {
    throw new Refused('invalidMember');
  }
  return value;
}

function readJwks(rules: MetadataRules, value: unknown): JsonObject {
  const jwks =
    rules.jwksForm === 'string' ? (typeof value === 'string' ? objectOf(value) : undefined) : value;
  if (!isOfKind(jwks, 'object') || !Array.isArray((jwks as JsonObject)['keys'])) {
    throw new Refused('invalidMember');
  }
  return jwks as JsonObject;
}

/** A form that this server doesn't read is a form that it has never heard of. */
function readScope(rules: MetadataRules, { scope, scopes }: JsonObject): string | undefined {
  if (rules.scopeMember !== 'scope' && scopes !== undefined) {
    return strings(scopes).join(' ');
  }
  return rules.scopeMember !== 'scopes' && typeof scope === 'string' ? scope : undefined;
}

export interface Circumstances {
  /** Scope of the token that admitted, where one did. */
  readonly scopes?: readonly string[] | undefined;
  readonly nameIsTaken: (name: unknown) => boolean;
}

/** Checks what `readMetadata` read, and completes it as this server does. @throws Refused */
export function registerMetadata(
  rules: MetadataRules,
  asked: JsonObject,
  circumstances: Circumstances,
): JsonObject {
  checkMembers(rules, asked, circumstances);
  const grants = checkedGrants(rules, asked);
  const isMachine = grants.includes('client_credentials') && !grants.some(redirects);
  if (isMachine) {
    checkMachine(rules, asked);
  }
  checkRedirectUris(rules, asked, grants);
  const completed = {
    ...rules.defaults,
    ...asked,
    grant_types: grants,
    ...(rules.publicOnly ? { token_endpoint_auth_method: 'none' } : {}),
  };
  checkAuthMethod(rules, completed);
  const kept = Object.entries(completed).filter(([name]) => !rules.droppedMembers.includes(name));
  return rules.substitutions.reduce(
    (metadata, name) => SUBSTITUTIONS[name](metadata, asked),
    Object.fromEntries(kept) as JsonObject,
  );
}

function checkMembers(rules: MetadataRules, asked: JsonObject, { scopes, nameIsTaken }: Circumstances): void {
  if (rules.requiredMembers.some((member) => asked[member] === undefined)) {
    throw new Refused('missingMember');
  }
  if (words(asked['scope']).some((word) => rules.scopes !== undefined && !rules.scopes.includes(word))) {
    throw new Refused('unknownScope');
  }
  const { privileged } = rules;
  const needsScope = privileged?.members.some((member) => asked[member] !== undefined) === true;
  if (needsScope && scopes !== undefined && !scopes.includes(privileged?.scope ?? '')) {
    throw new Refused('privilegedMember');
  }
  if (rules.duplicateNames === 'refused' && nameIsTaken(asked['client_name'])) {
    throw new Refused('duplicateName');
  }
}

const redirects = (grant: string) => grant === 'authorization_code' || grant === 'implicit';

function checkedGrants(rules: MetadataRules, asked: JsonObject): readonly string[] {
  const wanted = strings(asked['grant_types'] ?? rules.defaults['grant_types']);
  const supported = wanted.filter((grant) => rules.grantTypes.includes(grant));
  if (supported.length < wanted.length && rules.unsupportedGrants === 'refused') {
    throw new Refused('unknownGrant');
  }
  return supported;
}

function checkMachine({ machine }: MetadataRules, asked: JsonObject): void {
  const types = asked['response_types'];
  const empty = strings(types).length === 0;
  const isToken = strings(types).join() === 'token';
  const fits = {
    any: true,
    explicitlyEmpty: types !== undefined && empty,
    absentOrEmpty: empty,
    absentOrToken: types === undefined || isToken,
  }[machine.responseTypes];
  const uris = asked['redirect_uris'];
  const urisFit = { any: true, given: uris !== undefined, nonEmpty: strings(uris).length > 0 }[
    machine.redirectUris
  ];
  const application = machine.applicationType;
  if (!fits || !urisFit || (application !== undefined && asked['application_type'] !== application)) {
    throw new Refused('machineMetadata');
  }
}

function checkRedirectUris(rules: MetadataRules, asked: JsonObject, grants: readonly string[]): void {
  const uris = asked['redirect_uris'];
  const needed = { forRedirectGrants: grants.some(redirects), always: true, never: false }[
    rules.redirectUris
  ];
  if (needed && (uris === undefined || (grants.some(redirects) && strings(uris).length === 0))) {
    throw new Refused('missingRedirectUris');
  }
  for (const uri of strings(uris)) {
    const isAbsolute = URL.canParse(uri);
    if (uri.includes('#') || !(isAbsolute || rules.relativeRedirects === 'accepted')) {
      throw new Refused('invalidRedirectUri');
    }
  }
}

const SPIFFE_JWT = 'spiffe_jwt';

/** What a client may authenticate by. */
export const methodsOf = ({ authMethods, spiffeTrustDomains }: MetadataRules): readonly string[] =>
  spiffeTrustDomains.length === 0 ? authMethods : [...authMethods, SPIFFE_JWT];

/** A SPIFFE ID (SPIFFE-ID section 2) of a trust domain of the server. */
function isWorkload({ spiffeTrustDomains }: MetadataRules, id: unknown): boolean {
  const [, domain = '', path = ''] =
    /^spiffe:\/\/([a-z0-9._-]+)((?:\/[A-Za-z0-9._-]+)+)$/.exec(String(id)) ?? [];
  return (
    spiffeTrustDomains.includes(domain) && !path.split('/').some((part) => part === '.' || part === '..')
  );
}

function checkAuthMethod(rules: MetadataRules, metadata: JsonObject): void {
  const method = String(metadata['token_endpoint_auth_method']);
  if (!methodsOf(rules).includes(method)) {
    throw new Refused('unknownAuthMethod');
  }
  if (method === SPIFFE_JWT && !isWorkload(rules, metadata[SPIFFE_ID])) {
    throw new Refused('badSpiffeId');
  }
  const keys = [metadata['jwks'], metadata['jwks_uri']].filter((value) => value !== undefined);
  if (keys.length > 1 || (method === 'private_key_jwt' && keys.length === 0)) {
    throw new Refused('missingKeys');
  }
  // RFC 6749 section 4.4: client credentials are for confidential clients.
  const isMachine = strings(metadata['grant_types']).includes('client_credentials');
  if (isMachine && method === 'none' && !rules.publicOnly) {
    throw new Refused('unknownAuthMethod');
  }
}

const SUBSTITUTIONS: Readonly<Record<Substitution, (metadata: JsonObject, asked: JsonObject) => JsonObject>> =
  {
    noneAddedToResponseTypes: (metadata) => {
      const usesCode = strings(metadata['grant_types']).includes('authorization_code');
      return { ...metadata, response_types: usesCode ? ['code', 'none'] : [] };
    },
    redirectUrisReordered: (metadata) => ({
      ...metadata,
      redirect_uris: [...strings(metadata['redirect_uris'])].reverse(),
    }),
    postLogoutCopied: (metadata, asked) =>
      asked['post_logout_redirect_uris'] === undefined
        ? { ...metadata, post_logout_redirect_uris: metadata['redirect_uris'] }
        : metadata,
    refreshTokenAddedToDefault: (metadata, asked) =>
      asked['grant_types'] === undefined
        ? { ...metadata, grant_types: ['authorization_code', 'refresh_token'] }
        : metadata,
  };
