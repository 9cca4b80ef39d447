import { presentable } from './error-response.ts';
import type { HttpAnswer } from './http-message.ts';
import { isJsonObject, type Json, type JsonObject, parseJsonObject } from './json.ts';
import { namesOf } from './objects.ts';
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

export type Endpoints = { readonly [Name in EndpointName]?: string | undefined };

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
}

/** Reads one answer. A login page, HTML, or JSON without an issuer counts as no document, with any status. */
export function readDiscoveryAnswer(
  url: string,
  { status, headers, body }: Pick<HttpAnswer, 'status' | 'headers' | 'body'>,
  rules: UrlRules,
): DiscoveryAnswer {
  if (status >= 300 && status < 400) {
    const target = describeTarget(headers['location'], url, []);
    const detail = `${status}, a redirect${target === undefined ? '' : ` to ${target}`}, which is not followed`;
    return { url, kind: 'nothing', detail, cause: 'RedirectRefused' };
  }
  if (status !== 200) {
    return { url, kind: 'nothing', detail: String(status) };
  }
  const json = parseJsonObject(body.reveal());
  const issuer = json?.['issuer'];
  if (json === undefined || typeof issuer !== 'string') {
    const cause = whyUnreadable(body.reveal());
    return cause === undefined
      ? { url, kind: 'nothing', detail: '200, but without issuer' }
      : { url, kind: 'nothing', detail: `200, but ${UNREADABLE[cause]}`, cause };
  }
  const aliases = json['mtls_endpoint_aliases'];
  return {
    url,
    kind: 'document',
    document: {
      issuer,
      endpoints: endpointsOf(json, rules),
      aliases: isJsonObject(aliases) ? endpointsOf(aliases, rules) : {},
    },
  };
}

function endpointsOf(document: JsonObject, rules: UrlRules): Endpoints {
  const usable = (value: Json | undefined): value is string =>
    typeof value === 'string' && urlProblem(value, rules) === undefined;
  return Object.fromEntries(
    Object.entries(ENDPOINTS)
      .map(([name, { wire }]) => [name, document[wire]] as const)
      .filter(([, value]) => usable(value)),
  );
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

type MergedDiscovery =
  | { readonly kind: 'found'; readonly endpoints: Endpoints; readonly aliases: Endpoints }
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
    const merged = (parts: readonly Endpoints[]) => Object.assign({}, ...parts.toReversed()) as Endpoints;
    return {
      kind: 'found',
      endpoints: merged(documents.map((document) => document.endpoints)),
      aliases: merged(documents.map((document) => document.aliases)),
    };
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
