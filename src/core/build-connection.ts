import type { AuthorizationServerSpec, ServerKind } from '../api/authorization-server.ts';
import { boundedMs } from '../api/durations.ts';
import type { ClientCodec } from '../dialects/codec.ts';
import type { Dialect } from '../dialects/dialect.ts';
import { codecOf, effectiveDialect, hintOf } from '../dialects/presets.ts';
import { shapingPart } from '../dialects/rfc7591.ts';
import {
  ENDPOINT_NAMES,
  ENDPOINTS,
  type EndpointName,
  type Endpoints,
  type RefusedEndpoint,
} from '../oauth/discovery.ts';
import type { Transport } from '../oauth/http-message.ts';
import { canonicalJson, type JsonObject } from '../oauth/json.ts';
import { defined, omit } from '../oauth/objects.ts';
import type { OfferedValues } from '../oauth/offered-values.ts';
import { sha256 } from '../oauth/sha256.ts';
import { originOf, type UrlRules } from '../oauth/url.ts';
import { assertionsOf, audienceProblem } from './assertion.ts';
import type { DocumentTerms, ServerConnection } from './connection.ts';
import {
  type CredentialSecrets,
  type SecretReference,
  secretValue,
  toAdmission,
  toCredential,
  versionOfValues,
} from './credential.ts';
import { type DocumentHosting, documentDialect, documentTerms, identificationOf } from './identification.ts';
import { isProblem, type Problem } from './problem.ts';
import { proxyOf } from './proxy.ts';
import type { ServerObject } from './server-object.ts';
import { toSignedRequestTerms, toStatementTerms } from './statement.ts';
import { workloadIdentityOf } from './workload-identity.ts';

/** What is known about a server besides its spec. */
export interface Found {
  readonly endpoints: Endpoints;
  /** For calls with a client certificate (RFC 8705 section 5). */
  readonly aliases: Endpoints;
  /** What the discovery document names and can't be used. */
  readonly refused?: readonly RefusedEndpoint[] | undefined;
  /** The values that the discovery document offers to clients; `undefined`: not known. */
  readonly offered?: OfferedValues | undefined;
  readonly secrets: CredentialSecrets;
  /** Whether the server says that it fetches documents that identify clients; `undefined`: not known. */
  readonly takesDocuments?: boolean | undefined;
  /** `undefined`: the install serves no documents. */
  readonly hosting?: DocumentHosting | undefined;
  /** Text of the CA bundle, where the spec refers to one. */
  readonly ca: string | undefined;
  readonly urlRules: UrlRules;
  /** Values of `--assertion-audiences`; `undefined`: not known. */
  readonly assertionAudiences?: readonly string[] | undefined;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** Everything that a call to the server needs, or the reason why the server can't be called. */
export function toConnection(
  object: ServerObject,
  spec: AuthorizationServerSpec,
  found: Found,
): ServerConnection | Problem {
  const documents = documentsOf(object, spec, found);
  if (isProblem(documents)) {
    return documents;
  }
  const credentials = credentialsOf(spec, found, documents);
  if (isProblem(credentials)) {
    return credentials;
  }
  const endpoints = endpointsInUse(spec, found.endpoints);
  const aliases = aliasesInUse(spec, found);
  const calls = calledEndpoints(spec, endpoints, aliases, documents);
  const problem = endpointProblem(spec, calls, aliases, credentials, found.refused);
  if (problem !== undefined || calls.registration === undefined) {
    return problem ?? notSupported(spec, found.refused);
  }
  const refused = refusedAudience(credentials, found.assertionAudiences);
  if (refused !== undefined) {
    return refused;
  }
  const codec = codecIn(spec, documents);
  const dialect = dialectOf(spec, documents);
  return {
    ...defined({ documents }),
    uid: object.metadata.uid ?? '',
    // What tokens carry as `iss`, and what workloads must therefore expect.
    issuer: spec.discovery.acceptedIssuer ?? spec.issuer,
    configuredIssuer: spec.issuer,
    registrationEndpoint: calls.registration,
    tokenEndpoint: calls.token,
    endpoints,
    unusedEndpoints: unusedEndpoints(spec, found.refused),
    offered: offeredTo(codec, found),
    ...credentials,
    dialect,
    codec,
    workloadIdentity: workloadIdentityOf(kindOf(object), spec),
    hint: hintOf(spec.dialect),
    defaults: spec.defaults ?? {},
    policy: object.kind === 'ClusterAuthorizationServer' ? spec.policy : undefined,
    contact: spec.contact,
    attemptMarker: markerOf(spec, documents),
    recovery: recoveryOf(spec),
    drift: driftOf(spec),
    verification: verificationOf(spec, endpoints),
    allowedOrigins: (spec.management.allowedOrigins ?? []).map(originOf),
    timeoutMs: boundedMs('timeout', spec.connection.timeout),
    maxInFlight: spec.connection.maxInFlight,
    shape: shapeOf(kindOf(object), spec, dialect, credentials.statement.given?.claims, documents),
    version: canonicalJson([
      object.metadata.uid ?? '',
      object.generation,
      { ...endpoints },
      // Only these two: refusals that an earlier release remembers hold as long as this text is the same.
      { registration: calls.registration, token: calls.token },
      credentials.transport?.version ?? '',
      secretReferences(spec).map((reference) => versionOfValues(found.secrets, reference)),
    ]),
  };
}

const dialectOf = (
  { dialect, dialectOverrides = {} }: AuthorizationServerSpec,
  documents: DocumentTerms | undefined,
): Dialect =>
  documents === undefined ? effectiveDialect(dialect, dialectOverrides) : documentDialect(dialectOverrides);

/** Nothing can be lost in the operator itself, and servers refuse unknown members of a document. */
const markerOf = (
  { attemptMarker }: AuthorizationServerSpec,
  documents: DocumentTerms | undefined,
): string | undefined => (documents === undefined ? attemptMarker?.member : undefined);

/** The discovery document describes the OpenID Connect form, not one of the server's own. */
const offeredTo = (codec: ClientCodec | undefined, { offered }: Found): OfferedValues | undefined =>
  codec === undefined ? offered : undefined;

/** Documents are metadata, whatever the server's own form is. */
const codecIn = (
  { dialect }: AuthorizationServerSpec,
  documents: DocumentTerms | undefined,
): ClientCodec | undefined => (documents === undefined ? codecOf(dialect) : undefined);

const kindOf = ({ kind }: ServerObject): ServerKind =>
  kind === 'ClusterAuthorizationServer' ? kind : 'AuthorizationServer';

/** Aliases are for calls with a client certificate alone. */
const aliasesInUse = (spec: AuthorizationServerSpec, { aliases }: Found): Endpoints =>
  spec.connection.clientCertificateRef === undefined ? {} : aliases;

/** Hash of everything of the server object that shapes a client's document. */
function shapeOf(
  kind: ServerKind,
  spec: AuthorizationServerSpec,
  dialect: Dialect,
  given: JsonObject | undefined,
  documents: DocumentTerms | undefined,
): string {
  const shaping = {
    ...defined({ documents }),
    dialect: shapingPart(dialect),
    defaults: spec.defaults,
    marker: spec.attemptMarker?.member,
    given,
    sign: spec.registration.softwareStatement.sign,
    identityProvider: workloadIdentityOf(kind, spec)?.identityProvider,
    form: codecOf(spec.dialect) && spec.dialect,
  };
  return digest(canonicalJson(shaping));
}

function recoveryOf({ recovery }: AuthorizationServerSpec): ServerConnection['recovery'] {
  return {
    interrupted: recovery.interrupted,
    tokenLost: recovery.tokenLost,
    clientGone: recovery.clientGone,
    cooldownMs: boundedMs('cooldown', recovery.cooldown),
    maxAttempts: recovery.maxAttempts,
    maxRegistrationsPerHour: recovery.maxRegistrationsPerHour,
  };
}

function driftOf({ drift }: AuthorizationServerSpec): ServerConnection['drift'] {
  return {
    mode: drift.mode,
    intervalMs: boundedMs('interval', drift.interval),
    rotatingReads: drift.rotatingReads,
  };
}

/** Where clients authenticate: as for the operator's own credential, the spec decides which other origins are trusted. */
function verificationOf(
  { issuer, verification: { mode, interval }, endpoints: given }: AuthorizationServerSpec,
  { token, revocation }: Endpoints,
): ServerConnection['verification'] {
  const isTrusted = (url: string, inSpec: string | undefined) =>
    url === inSpec || originOf(url) === originOf(issuer);
  return {
    mode,
    intervalMs: interval === undefined ? undefined : boundedMs('verificationInterval', interval),
    tokenEndpoint: token,
    foreignOrigin: token === undefined || isTrusted(token, given?.token) ? undefined : originOf(token),
    revocationEndpoint:
      revocation !== undefined && isTrusted(revocation, given?.revocation) ? revocation : undefined,
  };
}

const digest = (text: string): string => sha256(text).slice(0, 22);

/** The Secrets that a server object refers to. */
export const secretNames = (spec: AuthorizationServerSpec): readonly string[] => [
  ...new Set(secretReferences(spec).map(({ name }) => name)),
];

const CERTIFICATE_KEYS = ['tls.crt', 'tls.key'];
const PROXY_KEYS = ['url', 'username', 'password'];

/** Each with the keys that the spec names in it. */
export function secretReferences({
  registration,
  management,
  connection,
}: AuthorizationServerSpec): readonly SecretReference[] {
  const { admission, softwareStatement, signedRequest } = registration;
  const users = [
    admission?.initialAccessToken,
    admission?.basic,
    admission?.clientCredentials,
    management.credential?.token,
    management.credential?.basic,
    management.credential?.clientCredentials,
    softwareStatement,
    softwareStatement.sign,
    softwareStatement.sign?.encryption,
    signedRequest,
  ];
  const { clientCertificateRef, proxyRef, caRef } = connection;
  return [
    ...users.flatMap((user) => (user?.secretRef === undefined ? [] : [referenceOf(user.secretRef)])),
    ...(clientCertificateRef ? [{ name: clientCertificateRef.name, keys: CERTIFICATE_KEYS }] : []),
    ...(proxyRef ? [{ name: proxyRef.name, keys: PROXY_KEYS }] : []),
    ...(caRef?.kind === 'Secret' ? [{ name: caRef.name, keys: [caRef.key] }] : []),
  ];
}

/** Everything in a reference but the name of the Secret is a key in it. */
const referenceOf = ({ name, ...keys }: { readonly name: string }): SecretReference => ({
  name,
  keys: Object.values<unknown>(keys).filter((key) => typeof key === 'string'),
});

type ConnectionCredentials = Pick<
  ServerConnection,
  'admission' | 'management' | 'statement' | 'signedRequest' | 'transport'
>;

function documentsOf(
  { kind }: ServerObject,
  spec: AuthorizationServerSpec,
  { takesDocuments, hosting }: Found,
): DocumentTerms | Problem | undefined {
  return identificationOf(spec, takesDocuments) === 'Registration'
    ? undefined
    : documentTerms(kind === 'AuthorizationServer' ? kind : 'ClusterAuthorizationServer', spec, hosting);
}

function credentialsOf(
  spec: AuthorizationServerSpec,
  found: Found,
  documents: DocumentTerms | undefined,
): ConnectionCredentials | Problem {
  const { secrets, now } = found;
  const { registration } = spec;
  const admission =
    documents === undefined
      ? toAdmission(registration.admission, secrets, spec)
      : ({ kind: 'Open' } as const);
  if (isProblem(admission)) {
    return admission;
  }
  const credential = spec.management.credential && toCredential(spec.management.credential, secrets, spec);
  if (isProblem(credential)) {
    return credential;
  }
  const statement = toStatementTerms(registration.softwareStatement, secrets, now);
  if (isProblem(statement)) {
    return statement;
  }
  const signedRequest =
    registration.signedRequest && toSignedRequestTerms(registration.signedRequest, spec.issuer, secrets);
  if (isProblem(signedRequest)) {
    return signedRequest;
  }
  const transport = transportOf(spec, found);
  if (isProblem(transport)) {
    return transport;
  }
  const dialect = effectiveDialect(spec.dialect, {});
  const { mode, configurationUrl } = spec.management;
  const isExplicit = documents === undefined && configurationUrl !== 'AsReturned';
  const known = documents === undefined ? dialect.configurationUrl : 'AsReturned';
  const management = {
    // Documents are always managed, at their own URL; clients that were registered before there were any end as ever.
    mode: documents !== undefined && mode === 'None' ? 'Auto' : mode,
    credential,
    configurationUrl: isExplicit ? configurationUrl : known,
    isExplicit,
  } as const;
  return {
    ...{ admission, management, statement, transport },
    signedRequest: documents === undefined ? signedRequest : undefined,
  };
}

/** How to reach the server, where that differs from the default. */
export function transportOf(
  { connection }: AuthorizationServerSpec,
  { secrets, ca, urlRules }: Pick<Found, 'secrets' | 'ca' | 'urlRules'>,
): Transport | Problem | undefined {
  const { clientCertificateRef, caRef, proxyRef } = connection;
  const proxy = proxyOf(connection, secrets, urlRules);
  if (isProblem(proxy)) {
    return proxy;
  }
  const { url: proxyUrl } = proxy;
  if (clientCertificateRef === undefined && caRef === undefined && proxyUrl === undefined) {
    return undefined;
  }
  const { name } = clientCertificateRef ?? {};
  const cert = name === undefined ? undefined : secretValue(secrets, { name, key: 'tls.crt' });
  const key = name === undefined ? undefined : secretValue(secrets, { name, key: 'tls.key' });
  if (isProblem(cert)) {
    return cert;
  }
  if (isProblem(key)) {
    return key;
  }
  const proxyVersion =
    proxyRef === undefined ? proxyUrl : versionOfValues(secrets, { name: proxyRef.name, keys: PROXY_KEYS });
  const certificateVersion = name && versionOfValues(secrets, { name, keys: CERTIFICATE_KEYS });
  const version = digest(canonicalJson([ca, certificateVersion, proxyVersion]));
  const certificate = cert === undefined || key === undefined ? undefined : { cert: cert.reveal(), key };
  return defined({ version, ca, certificate, proxyUrl });
}

/**
 * The endpoints to publish: each endpoint in the spec overrides the discovered one of the same name. What this returns may be
 * given as discovered once more, and is the same again: a new process takes it from status.
 */
export function endpointsInUse(spec: AuthorizationServerSpec, discovered: Endpoints): Endpoints {
  const given: Endpoints = defined(spec.endpoints ?? {});
  const wires: readonly string[] = ENDPOINT_NAMES.filter((name) => given[name] !== undefined).map(
    (name) => ENDPOINTS[name].wire,
  );
  const aliases = Object.entries(discovered.mtlsAliases ?? {}).filter(([wire]) => !wires.includes(wire));
  return {
    ...omit(discovered, 'mtlsAliases'),
    ...given,
    ...defined({ registration: spec.registration.endpoint ?? inForm(spec, discovered.registration) }),
    ...(aliases.length === 0 ? {} : { mtlsAliases: Object.fromEntries(aliases) }),
  };
}

/** The registration endpoint that reads the form of the dialect, from the one that the discovery document names. */
const inForm = ({ dialect }: AuthorizationServerSpec, published: string | undefined): string | undefined =>
  published && (codecOf(dialect)?.endpointOf(published) ?? published);

interface CalledEndpoints {
  /** Where documents take its place: their base URL. */
  readonly registration: string | undefined;
  /** Also where documents take its place. */
  readonly ofServer: string | undefined;
  readonly token: string | undefined;
}

/** The endpoints that the operator calls: with a client certificate, the aliases for it (RFC 8705 section 5). */
function calledEndpoints(
  spec: AuthorizationServerSpec,
  endpoints: Endpoints,
  aliases: Endpoints,
  documents: DocumentTerms | undefined,
): CalledEndpoints {
  const ofServer = spec.registration.endpoint ?? inForm(spec, aliases.registration ?? endpoints.registration);
  return {
    registration: documents?.baseUrl ?? ofServer,
    ofServer,
    token: spec.endpoints?.token ?? aliases.token ?? endpoints.token,
  };
}

const notSupported = (
  { issuer }: AuthorizationServerSpec,
  refused: readonly RefusedEndpoint[] | undefined,
): Problem => ({
  reason: 'RegistrationNotSupported',
  message:
    tellRefused(issuer, 'registration', 'spec.registration.endpoint', refused) ??
    `${issuer} publishes no registration_endpoint. Switch dynamic client registration on at the server, or set spec.registration.endpoint.`,
});

/** Why an endpoint that is needed can't be used; `undefined` where the document doesn't name it. */
function tellRefused(
  issuer: string,
  name: EndpointName,
  field: string,
  refused: readonly RefusedEndpoint[] = [],
): string | undefined {
  const found = refused.find((one) => one.name === name && !one.isAlias);
  return (
    found && `The discovery document of ${issuer}: ${found.why}. Correct it at the server, or set ${field}.`
  );
}

/** Why endpoints that the discovery document names aren't used, unless the spec gives them. */
function unusedEndpoints(
  { connection, endpoints: given, registration }: AuthorizationServerSpec,
  refused: readonly RefusedEndpoint[] = [],
): string | undefined {
  const inSpec: Endpoints = { ...given, registration: registration.endpoint };
  const unused = refused.filter(({ name, isAlias }) =>
    isAlias ? connection.clientCertificateRef !== undefined : inSpec[name] === undefined,
  );
  return unused.length === 0
    ? undefined
    : `Endpoints of the discovery document that aren't used: ${unused.map(({ why }) => why).join('; ')}.`;
}

/** A credential is sent only to the issuer's own origin, to an endpoint in the spec, or to an mTLS alias (RFC 8705). */
function endpointProblem(
  spec: AuthorizationServerSpec,
  { ofServer: registration, token }: CalledEndpoints,
  aliases: Endpoints,
  { admission, management }: ConnectionCredentials,
  refused: readonly RefusedEndpoint[] | undefined,
): Problem | undefined {
  const elsewhere = (url: string | undefined, ...trusted: readonly (string | undefined)[]) =>
    url !== undefined && !trusted.includes(url) && originOf(url) !== originOf(spec.issuer);
  const asksForToken =
    [admission.kind, management.credential?.kind].includes('ClientCredentials') ||
    management.mode === 'ClientCredential';
  if (asksForToken && token === undefined) {
    return {
      reason: 'AdmissionTokenFailed',
      message:
        tellRefused(spec.issuer, 'token', 'spec.endpoints.token', refused) ??
        `${spec.issuer} publishes no token_endpoint to obtain an access token at. Set spec.endpoints.token.`,
    };
  }
  const assertions = assertionsOf(admission, management.credential);
  // The token of an account of the cluster goes to no alias.
  const trusted = assertions.length === 0 ? [spec.endpoints?.token, aliases.token] : [spec.endpoints?.token];
  if (asksForToken && elsewhere(token, ...trusted)) {
    return addressRefused('token', 'spec.endpoints.token', token);
  }
  // The server that answers registrations also gives the management addresses, so the management credential goes to it.
  const isAdmitted = admission.kind !== 'Open' || management.credential !== undefined;
  if (isAdmitted && elsewhere(registration, spec.registration.endpoint, aliases.registration)) {
    return addressRefused('registration', 'spec.registration.endpoint', registration);
  }
  return undefined;
}

/** Why a token of the cluster may not be issued for the audience that the spec wants. */
function refusedAudience(
  { admission, management }: ConnectionCredentials,
  permitted: readonly string[] | undefined,
): Problem | undefined {
  const problems = assertionsOf(admission, management.credential).map((assertion) =>
    permitted === undefined ? undefined : audienceProblem(assertion, permitted),
  );
  const message = problems.find((problem) => problem !== undefined);
  return message === undefined ? undefined : { reason: 'AudienceRefused', message };
}

const addressRefused = (what: string, field: string, url: string | undefined): Problem => ({
  reason: 'AddressRefused',
  message: `The discovered ${what} endpoint is at ${originOf(url ?? '')}, another origin than the issuer's, and no credential is sent there. If you trust it, set ${field}.`,
});
