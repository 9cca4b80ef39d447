import { SERVICE_ACCOUNT_TOKEN } from '../api/admission-schema.ts';
import {
  type AuthorizationServerSpec,
  clusterAuthorizationServerSpec,
  type ServerKind,
} from '../api/authorization-server.ts';
import { SHARES } from '../api/shares.ts';
import { baseUrlProblem } from '../oauth/client-document.ts';
import { MEMBERS, memberOf, specName } from '../oauth/client-metadata.ts';
import { presentable } from '../oauth/error-response.ts';
import { type Json, jsonBytes, nestsTooDeep } from '../oauth/json.ts';
import { cut } from '../oauth/text.ts';
import { HTTP_REFUSED, type UrlRules, urlProblem } from '../oauth/url.ts';
import { isUnknownValue } from './newer-version.ts';
import { objectViewerOf } from './viewers.ts';

interface ReadSpec {
  readonly spec: AuthorizationServerSpec | undefined;
  readonly problem: string | undefined;
  /** Default: `InvalidSpec`. */
  readonly problemReason?: 'WrittenByNewerVersion';
}

/**
 * The spec of a server object, or why it can't be used. The spec is measured before it is parsed; if it is too large,
 * only this problem is kept.
 */
export function readServerSpec(kind: ServerKind, raw: unknown, rules: UrlRules): ReadSpec {
  const unusable = (problem: string) => ({ spec: undefined, problem });
  const bytes = jsonBytes(raw ?? null);
  if (bytes > SHARES.serverSpecBytes.most) {
    return unusable(
      `spec has ${bytes} bytes as JSON and may have ${SHARES.serverSpecBytes.most}; make it smaller.`,
    );
  }
  if (nestsTooDeep((raw ?? null) as Json)) {
    return unusable('spec nests deeper than 16 levels; make it flatter.');
  }
  const parsed = clusterAuthorizationServerSpec.safeParse(raw);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const unread = unusable(presentable(`spec.${issue?.path.join('.')}: ${issue?.message}`, []));
    return isUnknownValue(issue, raw) ? { ...unread, problemReason: 'WrittenByNewerVersion' } : unread;
  }
  const spec = parsed.data as AuthorizationServerSpec;
  const problem = specProblem(kind, spec, rules);
  return problem === undefined ? { spec, problem } : unusable(problem);
}

/** The problem with a server object's spec that the CRD's validation can't express; `undefined`: none. */
function specProblem(kind: ServerKind, spec: AuthorizationServerSpec, rules: UrlRules): string | undefined {
  return (
    missingAdmission(spec) ??
    documentsProblem(spec) ??
    urlProblemIn(kind, spec, rules) ??
    missingCertificate(spec) ??
    assertionOfTenant(kind, spec) ??
    unknownMember(spec) ??
    unboundedClaims(kind, spec)
  );
}

/** The type can't express that admission is required, since servers that identify clients by documents need none. */
const missingAdmission = ({ registration, identification }: AuthorizationServerSpec): string | undefined =>
  registration.admission === undefined && identification.mode !== 'Document'
    ? 'spec.registration.admission is missing: say how the registration endpoint admits the operator.'
    : undefined;

function documentsProblem({
  identification: { mode, document },
}: AuthorizationServerSpec): string | undefined {
  if (mode === 'Registration') {
    return undefined;
  }
  const problem = document === undefined ? 'is missing' : baseUrlProblem(document.baseUrl);
  return problem && `spec.identification.document.baseUrl ${problem}.`;
}

const grantsOf = ({ registration, management }: AuthorizationServerSpec) =>
  [
    ['registration.admission', registration.admission?.clientCredentials],
    ['management.credential', management.credential?.clientCredentials],
  ] as const;

/** A token of the platform's account goes to no server that a tenant names. */
function assertionOfTenant(kind: ServerKind, spec: AuthorizationServerSpec): string | undefined {
  const [field] = grantsOf(spec).find(([, by]) => by?.authMethod === SERVICE_ACCOUNT_TOKEN) ?? [];
  return field === undefined || kind === 'ClusterAuthorizationServer'
    ? undefined
    : `spec.${field}.clientCredentials.authMethod is ServiceAccountToken, which a ClusterAuthorizationServer alone may use: choose another authMethod.`;
}

/** Authentication by a certificate (RFC 8705) needs one. */
function missingCertificate(spec: AuthorizationServerSpec): string | undefined {
  const [field] = grantsOf(spec).find(([, by]) => by?.authMethod.endsWith('tls_client_auth')) ?? [];
  return field === undefined || spec.connection.clientCertificateRef !== undefined
    ? undefined
    : `spec.${field}.clientCredentials authenticates by a client certificate, and there is none: name its Secret in spec.connection.clientCertificateRef.`;
}

function urlProblemIn(kind: ServerKind, spec: AuthorizationServerSpec, rules: UrlRules): string | undefined {
  const urls: Readonly<Record<string, string | undefined>> = {
    issuer: spec.issuer,
    'discovery.url': spec.discovery.url,
    'registration.endpoint': spec.registration.endpoint,
    ...prefixed('endpoints', spec.endpoints ?? {}),
    ...prefixed('management.allowedOrigins', { ...spec.management.allowedOrigins }),
    'connection.proxyUrl': spec.connection.proxyUrl,
    'management.configurationUrl': filledTemplate(spec.management.configurationUrl),
    ...prefixed('registration.admission.clientCredentials.resources', {
      ...spec.registration.admission?.clientCredentials?.resources,
    }),
    ...prefixed('management.credential.clientCredentials.resources', {
      ...spec.management.credential?.clientCredentials?.resources,
    }),
  };
  for (const [field, url] of Object.entries(urls)) {
    const problem = url === undefined ? undefined : urlProblem(url, rules);
    if (problem !== undefined) {
      const isFlag = problem === HTTP_REFUSED && objectViewerOf(kind) === 'Platform';
      return `spec.${field} ${problem}${isFlag ? '; the operator flag --allow-http permits it' : ''}.`;
    }
  }
  return undefined;
}

/** The template with example values, so that it can be checked as a URL. */
function filledTemplate(template: string | undefined): string | undefined {
  return template === undefined || template === 'AsReturned' || template.startsWith('{registration_endpoint}')
    ? undefined
    : template.replaceAll('{client_id}', 'id').replaceAll('{registration_endpoint}', 'endpoint');
}

const FIELDS = new Set(MEMBERS.map(({ wire }) => specName(wire)));

/** Finds unknown names, since a misspelled name would bound nothing. */
function unknownMember({ policy }: AuthorizationServerSpec): string | undefined {
  const { defaultsOnly = [], additionalMetadata } = policy;
  const unknown = defaultsOnly.find(
    (name) =>
      !FIELDS.has(name) && memberOf(name) === undefined && !additionalMetadata?.allowed.includes(name),
  );
  return unknown === undefined
    ? undefined
    : `spec.policy.defaultsOnly lists ${presentable(cut(unknown, 200), [])}, which is neither a field of spec.defaults nor in spec.policy.additionalMetadata.allowed: correct it, or leave it out.`;
}

/** Where the platform's key signs what a tenant writes, a policy must bound it. */
function unboundedClaims(kind: ServerKind, spec: AuthorizationServerSpec): string | undefined {
  const copied = Object.values(spec.registration.softwareStatement.sign?.claimsFromClient ?? {});
  if (kind !== 'ClusterAuthorizationServer' || copied.length === 0) {
    return undefined;
  }
  const { policy } = spec;
  const bounds: Readonly<Record<string, unknown>> = {
    redirect_uris: policy.redirectUriPatterns ?? policy.uriHosts,
    scope: policy.scopes,
    scopes: policy.scopes,
    grant_types: policy.grantTypes,
    response_types: policy.responseTypes,
    token_endpoint_auth_method: policy.tokenEndpointAuthMethods,
  };
  const { defaultsOnly = [], algorithms } = policy;
  const isBounded = (member: string): boolean =>
    (algorithms !== undefined && /_(alg|enc)$/.test(member)) ||
    defaultsOnly.some((name) => name === member || name === specName(member)) ||
    (Object.hasOwn(bounds, member) && bounds[member] !== undefined) ||
    policy.additionalMetadata?.allowed.includes(member) === true ||
    (memberOf(member)?.type.startsWith('uri') === true && policy.uriHosts !== undefined);
  const free = copied.find((member) => !isBounded(member));
  return free === undefined
    ? undefined
    : `spec.registration.softwareStatement.sign.claimsFromClient copies ${free}, which spec.policy doesn't bound: bound it there, or leave it out.`;
}

const prefixed = (prefix: string, urls: object): Record<string, string | undefined> =>
  Object.fromEntries(Object.entries(urls).map(([name, url]) => [`${prefix}.${name}`, url]));
