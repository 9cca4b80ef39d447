import { mediaTypeOf } from './body-form.ts';
import { describeError, presentable, readErrorResponse } from './error-response.ts';
import type { HttpAnswer } from './http-message.ts';
import { isJsonObject, type Json, type JsonObject, parseJsonObject } from './json.ts';
import { namesOf, own } from './objects.ts';
import { type OfferedValues, offeredValues } from './offered-values.ts';
import { describeTarget } from './redirect.ts';
import { UNREADABLE, whyUnreadable } from './torn-json.ts';
import { type UrlRules, urlProblem } from './url.ts';

/** Finding a server's endpoints: RFC 8414 and OpenID Connect Discovery 1.0. */

interface EndpointRow {
  /** Its name in the documents of RFC 8414 and OpenID Connect Discovery, and in the Secret of a workload. */
  readonly wire: string;
  readonly description: string;
  /** Whether the Secrets of workloads hold it. */
  readonly isPublished: boolean;
}

/** The endpoints that matter to registrations and to the workloads. */
export const ENDPOINTS = {
  registration: {
    wire: 'registration_endpoint',
    description: 'Registration endpoint.',
    isPublished: false,
  },
  token: { wire: 'token_endpoint', description: 'Token endpoint.', isPublished: true },
  authorization: {
    wire: 'authorization_endpoint',
    description: 'Authorization endpoint.',
    isPublished: true,
  },
  jwks: { wire: 'jwks_uri', description: 'Keys of the server.', isPublished: true },
  userinfo: { wire: 'userinfo_endpoint', description: 'UserInfo endpoint.', isPublished: true },
  endSession: { wire: 'end_session_endpoint', description: 'End session endpoint.', isPublished: true },
  revocation: { wire: 'revocation_endpoint', description: 'Revocation endpoint.', isPublished: false },
  introspection: {
    wire: 'introspection_endpoint',
    description: 'Introspection endpoint.',
    isPublished: false,
  },
} as const satisfies Readonly<Record<string, EndpointRow>>;

export type EndpointName = keyof typeof ENDPOINTS;

export const ENDPOINT_NAMES = namesOf(ENDPOINTS);

/** Endpoints by the names of {@link ENDPOINTS}. */
type NamedEndpoints = { readonly [Name in EndpointName]?: string | undefined };

/** URLs by the member of the document that has them. */
type EndpointMembers = Readonly<Record<string, string>>;

export interface Endpoints extends NamedEndpoints {
  /** Further members of the document whose names end with `_endpoint`. */
  readonly others?: EndpointMembers | undefined;
  /** Members of `mtls_endpoint_aliases`: for clients that present a certificate (RFC 8705 section 5). */
  readonly mtlsAliases?: EndpointMembers | undefined;
}

/** Endpoints that are kept besides those of {@link ENDPOINTS}, and aliases. */
export const MOST_OTHER_ENDPOINTS = 32;
const LONGEST_MEMBER = 64;

type DiscoveryPreference = 'OAuth' | 'OpenID';

/**
 * The URLs at which a document may be published, in the order of requests: RFC 8414 inserted, OpenID appended, OpenID
 * inserted, RFC 8414 appended. The first two are the forms of the standards (RFC 8414 section 3.1, OpenID Connect
 * Discovery 1.0 section 4). `prefer: OpenID` puts the OpenID forms first. For an issuer without a path, two URLs remain.
 */
export function discoveryUrls(issuer: string, prefer: DiscoveryPreference): readonly string[] {
  const { origin, pathname } = new URL(issuer);
  const path = pathname.replace(/\/+$/, '');
  const oauth = '/.well-known/oauth-authorization-server';
  const openid = '/.well-known/openid-configuration';
  const [inserted, appended] = [
    (form: string) => `${origin}${form}${path}`,
    (form: string) => `${origin}${path}${form}`,
  ];
  const urls =
    prefer === 'OAuth'
      ? [inserted(oauth), appended(openid), inserted(openid), appended(oauth)]
      : [appended(openid), inserted(openid), inserted(oauth), appended(oauth)];
  return [...new Set(urls)];
}

/** `ConnectionLost`: before anything of a document arrived. */
export type NothingCause =
  | 'Timeout'
  | 'ConnectionLost'
  | 'RedirectRefused'
  | 'TooLarge'
  | 'NotJSON'
  | 'Truncated'
  | 'TooDeep';

/** The result of one URL. `detail` is for people, like `404` or `200, but not JSON`. */
export type DiscoveryAnswer =
  | { readonly url: string; readonly kind: 'document'; readonly document: DiscoveryDocument }
  | {
      readonly url: string;
      readonly kind: 'nothing';
      readonly detail: string;
      /** Why there is no document, where the reason isn't that the URL has none. */
      readonly cause?: NothingCause;
    };

interface DiscoveryDocument {
  readonly issuer: string;
  readonly endpoints: Endpoints;
  /** For clients that present a certificate (RFC 8705 section 5). */
  readonly aliases: Endpoints;
  readonly refused: readonly RefusedEndpoint[];
  readonly offered?: OfferedValues;
  /** `client_id_metadata_document_supported`: the server fetches documents that identify clients. */
  readonly takesDocuments?: true;
}

/** An endpoint of a document that can't be used. */
export interface RefusedEndpoint {
  readonly name: EndpointName;
  /** Of `mtls_endpoint_aliases`. */
  readonly isAlias: boolean;
  /** Which member it is, what it holds and why that is refused, for people; the beginning of a sentence. */
  readonly why: string;
}

/** Reads one answer. A login page, HTML, or JSON without an issuer counts as no document, with any status. */
export function readDiscoveryAnswer(
  url: string,
  answer: Omit<HttpAnswer, 'kind'>,
  rules: UrlRules,
): DiscoveryAnswer {
  const { status, headers, body } = answer;
  if (status >= 300 && status < 400) {
    const target = describeTarget(headers['location'], url, []);
    const detail = `${status}, a redirect${target === undefined ? '' : ` to ${target}`}, which is not followed`;
    return { url, kind: 'nothing', detail, cause: 'RedirectRefused' };
  }
  if (status !== 200) {
    const said = readErrorResponse({ ...answer, kind: 'answered' }, []);
    return { url, kind: 'nothing', detail: describeError(said).replace(/^status /, '') };
  }
  const json = parseJsonObject(body.reveal());
  const issuer = json?.['issuer'];
  if (json === undefined || typeof issuer !== 'string') {
    return noDocument(url, answer);
  }
  const { mtls_endpoint_aliases: aliases } = json;
  const [plain, certified] = [endpointsOf(json, rules, false), endpointsOf(aliases, rules, true)];
  const refused = [...plain.refused, ...certified.refused];
  const endpoints = { ...plain.endpoints, ...furtherEndpoints(json, rules) };
  const offered = withOffered(offeredValues(json));
  const identified = withDocuments(json['client_id_metadata_document_supported'] === true);
  const document = { issuer, endpoints, aliases: certified.endpoints, refused, ...offered, ...identified };
  return { url, kind: 'document', document };
}

const withDocuments = (isSaid: boolean): { readonly takesDocuments?: true } =>
  isSaid ? { takesDocuments: true } : {};

const withOffered = (offered: OfferedValues): { readonly offered?: OfferedValues } =>
  Object.keys(offered).length === 0 ? {} : { offered };

function furtherEndpoints(document: JsonObject, rules: UrlRules): Endpoints {
  const { mtls_endpoint_aliases: aliases } = document;
  const isOther = (member: string) => !WIRE_NAMES.has(member);
  return {
    ...unlessNone('others', membersOf(document, rules, isOther)),
    ...unlessNone('mtlsAliases', isJsonObject(aliases) ? membersOf(aliases, rules) : {}),
  };
}

function noDocument(
  url: string,
  { headers, body, unread }: Pick<HttpAnswer, 'headers' | 'body' | 'unread'>,
): DiscoveryAnswer {
  if (unread !== undefined) {
    return { url, kind: 'nothing', detail: `200, but its body ${unread}`, cause: 'NotJSON' };
  }
  const cause = whyUnreadable(body.reveal());
  if (cause === undefined) {
    return { url, kind: 'nothing', detail: '200, but without issuer' };
  }
  const type = cause === 'NotJSON' ? mediaTypeOf(headers) : undefined;
  const what = type === undefined ? '' : ` (${presentable(type, [])})`;
  return { url, kind: 'nothing', detail: `200, but ${UNREADABLE[cause]}${what}`, cause };
}

interface ReadEndpoints {
  readonly endpoints: Endpoints;
  readonly refused: readonly RefusedEndpoint[];
}

/** @param given the document, or its aliases, which may be anything */
function endpointsOf(given: Json | undefined, rules: UrlRules, isAlias: boolean): ReadEndpoints {
  const document = isJsonObject(given) ? given : {};
  const endpoints: Record<string, string> = {};
  const refused: RefusedEndpoint[] = [];
  for (const name of ENDPOINT_NAMES) {
    const { wire } = ENDPOINTS[name];
    const value = document[wire];
    const problem = endpointProblem(value, rules);
    if (problem !== undefined) {
      refused.push({ name, isAlias, why: `${tellMember(wire, value, isAlias)} ${problem}` });
    } else if (typeof value === 'string') {
      endpoints[name] = value;
    }
  }
  return { endpoints, refused };
}

/** The member, and what it holds where that is a text. */
function tellMember(wire: string, value: Json | undefined, isAlias: boolean): string {
  const member = isAlias ? `mtls_endpoint_aliases.${wire}` : wire;
  return typeof value === 'string' && value !== '' ? `${member} "${presentable(value, [])}"` : member;
}

/** `null` counts as absent. */
function endpointProblem(value: Json | undefined, rules: UrlRules): string | undefined {
  if (value === undefined || value === null) {
    return undefined;
  }
  if (typeof value !== 'string') {
    return 'is no text';
  }
  return value === '' ? 'is empty' : urlProblem(value, rules);
}

const WIRE_NAMES: ReadonlySet<string> = new Set(ENDPOINT_NAMES.map((name) => ENDPOINTS[name].wire));

/** Members that are endpoints by their names, in the order of the alphabet. */
function membersOf(
  document: JsonObject,
  rules: UrlRules,
  isWanted: (member: string) => boolean = () => true,
): EndpointMembers {
  const found = Object.entries(document).flatMap(([member, value]) =>
    isEndpointMember(member) && isWanted(member) && isUsable(value, rules) ? [[member, value] as const] : [],
  );
  return Object.fromEntries(
    found.toSorted(([a], [b]) => Number(a > b) - Number(a < b)).slice(0, MOST_OTHER_ENDPOINTS),
  );
}

const isEndpointMember = (member: string): boolean =>
  member.length <= LONGEST_MEMBER && /^[a-z0-9_]+_endpoint$/.test(member);

const isUsable = (value: Json | undefined, rules: UrlRules): value is string =>
  typeof value === 'string' && urlProblem(value, rules) === undefined;

const unlessNone = (name: 'others' | 'mtlsAliases', members: EndpointMembers | undefined): Endpoints =>
  members === undefined || Object.keys(members).length === 0 ? {} : { [name]: members };

/**
 * Endpoints of several documents, the first of which wins for each member; or of a document and of what was known
 * before it.
 */
export function mergeEndpoints(...parts: readonly Endpoints[]): Endpoints {
  const merged = (of: (part: Endpoints) => EndpointMembers | undefined): EndpointMembers =>
    Object.assign({}, ...parts.toReversed().map(of));
  return {
    ...(Object.assign({}, ...parts.toReversed()) as Endpoints),
    ...unlessNone(
      'others',
      merged(({ others }) => others),
    ),
    ...unlessNone(
      'mtlsAliases',
      merged(({ mtlsAliases }) => mtlsAliases),
    ),
  };
}

/** The endpoint of this wire name, for a client that presents a certificate or for another one. */
export function endpointOf(
  wire: string,
  { others, mtlsAliases, ...endpoints }: Endpoints,
  hasCertificate: boolean,
): string | undefined {
  const name = ENDPOINT_NAMES.find((known) => ENDPOINTS[known].wire === wire);
  const alias = hasCertificate ? own(mtlsAliases ?? {}, wire) : undefined;
  return alias ?? (name === undefined ? own(others ?? {}, wire) : endpoints[name]);
}

/**
 * Whether no further URL is requested: the answers suffice, or the preferred OpenID document is that of another issuer
 * (OpenID Connect Discovery 1.0 section 4.3). A first document may lack the endpoint that the next one has.
 */
export function isComplete(
  answers: readonly DiscoveryAnswer[],
  issuer: string,
  prefer: DiscoveryPreference,
): boolean {
  const [first] = answers;
  return (
    (prefer === 'OpenID' && first?.kind === 'document' && first.document.issuer !== issuer) ||
    matching(answers, issuer).some((document) => document.endpoints.registration !== undefined)
  );
}

/** What the documents of an issuer give. */
export interface FoundEndpoints {
  readonly endpoints: Endpoints;
  /** `mtls_endpoint_aliases` (RFC 8705 section 5). */
  readonly aliases: Endpoints;
  /** What no other document has in a form that can be used. */
  readonly refused: readonly RefusedEndpoint[];
  /** The values that the documents offer to clients; absent: they say nothing of that. */
  readonly offered?: OfferedValues;
  /** One of them says `client_id_metadata_document_supported`. */
  readonly takesDocuments?: true;
}

type MergedDiscovery =
  | ({ readonly kind: 'found' } & FoundEndpoints)
  | {
      readonly kind: 'issuerMismatch';
      /** The other issuer, as people may see it. */
      readonly published: string;
      readonly url: string;
    }
  | { readonly kind: 'nothing' };

/**
 * Merges the documents. Only documents that publish exactly `issuer` count; for each member, the earlier document wins.
 */
export function mergeDiscovery(answers: readonly DiscoveryAnswer[], issuer: string): MergedDiscovery {
  const documents = matching(answers, issuer);
  if (documents.length > 0) {
    const endpoints = mergeEndpoints(...documents.map((document) => document.endpoints));
    const aliases = mergeEndpoints(...documents.map((document) => document.aliases));
    const refused = documents
      .flatMap((document) => document.refused)
      .filter(({ name, isAlias }) => (isAlias ? aliases : endpoints)[name] === undefined)
      .filter((one, at, all) => all.findIndex(({ why }) => why === one.why) === at);
    const offered: OfferedValues = Object.assign({}, ...documents.toReversed().map((one) => one.offered));
    const identified = withDocuments(documents.some((one) => one.takesDocuments));
    return { kind: 'found', endpoints, aliases, refused, ...withOffered(offered), ...identified };
  }
  const other = answers.find((answer) => answer.kind === 'document');
  if (other?.kind === 'document') {
    return { kind: 'issuerMismatch', published: presentable(other.document.issuer, []), url: other.url };
  }
  return { kind: 'nothing' };
}

function matching(answers: readonly DiscoveryAnswer[], issuer: string): readonly DiscoveryDocument[] {
  return answers.flatMap((answer) =>
    answer.kind === 'document' && answer.document.issuer === issuer ? [answer.document] : [],
  );
}

/** Every URL with its result, for the message of `DiscoveryFailed`. */
export function describeDiscovery(answers: readonly DiscoveryAnswer[]): string {
  return answers
    .map((answer) => `${answer.url}: ${answer.kind === 'document' ? 'a document' : answer.detail}`)
    .join('; ');
}
