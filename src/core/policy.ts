import { memberOf, specName } from '../oauth/client-metadata.ts';
import { isSameJson, type JsonObject } from '../oauth/json.ts';
import type { Policy } from './connection.ts';
import { type Judged, judgedIn, judgedName, shownList } from './policy-judged.ts';
import { uriRefusal } from './policy-uris.ts';
import { algorithmRefusal, wordRefusal } from './policy-words.ts';
import type { Problem } from './problem.ts';

/** Where the parts of a document come from, as far as a policy depends on it. */
export interface DocumentOrigin {
  /** Wire names of members that the operator adds. */
  readonly own?: readonly string[];
  /** The document that the server's defaults alone give for this client, in the same dialect. */
  readonly defaults?: JsonObject | undefined;
  /** The software statement is the client's own, so the server object doesn't vouch for its claims. */
  readonly bringsStatement?: boolean;
}

/**
 * Why a document may not be registered, by the bounds of a cluster server: the first bound that it exceeds, in the
 * order of identifiers, additional members, members of the defaults, URIs, algorithms, words. `undefined`: it may be
 * registered.
 *
 * The policy judges everything that the server would read, from the client, the defaults, or the issuer of the
 * statement. Four bounds hold without being set: no member but those of the table, no client identifier of the client's
 * choosing, no algorithm `none`, and no URI that runs a script. Further claims of a statement aren't judged, except
 * identifiers, algorithms and URLs.
 *
 * Where a list is bounded and the member is absent, the policy judges the default of RFC 7591 section 2:
 * `authorization_code`, `code`, `client_secret_basic`. Absent scopes default to the server's own, which no list bounds.
 * An empty list of response types means that there are none, and is admitted. An empty list of grant types or scopes
 * counts as absent.
 *
 * @param document the body to send, in the server's dialect, with the claims of the software statement in its place
 * @param policy `undefined`: no bounds at all
 */
export function policyProblem(
  document: JsonObject,
  policy: Policy | undefined,
  origin: DocumentOrigin = {},
): Problem | undefined {
  if (policy === undefined) {
    return undefined;
  }
  const judged = judgedIn(document);
  // What the operator adds names a workload, and no place that a server calls.
  const ofOthers = judged.filter(({ name, isClaim }) => isClaim || origin.own?.includes(name) !== true);
  const refusal =
    identifierRefusal(judged, policy) ??
    additionalRefusal(judged, policy, origin) ??
    defaultsRefusal(judged, policy, origin) ??
    uriRefusal(ofOthers, policy) ??
    algorithmRefusal(judged, policy) ??
    wordRefusal(judged, policy);
  return refusal === undefined ? undefined : { reason: 'PolicyRefused', message: refusal };
}

/** Members with which a client can choose its own identifier at some servers. */
const IDENTIFIERS = ['client_id', 'preferred_client_id', 'ext_param_client_id'];

function identifierRefusal(
  judged: readonly Judged[],
  { clientIdentifier = 'Deny' }: Policy,
): string | undefined {
  const chosen =
    clientIdentifier === 'Deny' &&
    judged.find(({ name }) => IDENTIFIERS.includes(name) || name === 'client_secret');
  return chosen
    ? `${judgedName(chosen)} is not permitted: by spec.policy.clientIdentifier of the server object the server chooses it; remove it, or ask the platform team to set spec.policy.clientIdentifier to Allow.`
    : undefined;
}

function additionalRefusal(
  judged: readonly Judged[],
  { additionalMetadata }: Policy,
  { own = [] }: DocumentOrigin,
): string | undefined {
  const allowed = additionalMetadata?.allowed ?? [];
  // Some servers take `scope` as `scopes`. Identifiers are judged earlier.
  const known = new Set([...allowed, ...own, ...IDENTIFIERS, 'scopes']);
  const unknown = judged.find(
    ({ name, isClaim }) => !isClaim && memberOf(name) === undefined && !known.has(name),
  );
  return unknown
    ? `${judgedName(unknown)} is not permitted: spec.policy.additionalMetadata.allowed of the server object lists ${shownList(allowed)}; remove it, or ask the platform team to extend spec.policy.additionalMetadata.allowed.`
    : undefined;
}

/**
 * Members that only `spec.defaults` of the server object may set: each must equal the default, or be absent where there
 * is none.
 */
function defaultsRefusal(
  judged: readonly Judged[],
  { defaultsOnly = [] }: Policy,
  { defaults = {}, bringsStatement = false }: DocumentOrigin,
): string | undefined {
  const listed = new Set(defaultsOnly.map(fieldOf));
  const isListed = (name: string): boolean => listed.has(fieldOf(name));
  const given = judged.filter(({ name, isClaim }) => isListed(name) && (!isClaim || bringsStatement));
  const other = given.find(({ name, value }) => !isSameJson(value, defaults[name] ?? null));
  const taken = Object.keys(defaults).find(
    (name) => isListed(name) && !given.some((member) => !member.isClaim && member.name === name),
  );
  const refused = other ?? (taken === undefined ? undefined : { name: taken, value: null, isClaim: false });
  return refused === undefined
    ? undefined
    : `${judgedName(refused)} is not permitted: spec.policy.defaultsOnly of the server object lists ${shownList(defaultsOnly)}, which only its spec.defaults sets; remove it, or ask the platform team to change spec.policy.defaultsOnly.`;
}

/** One name for all forms of a member: `client_name#ja`, `client_name` and `clientName`; also `scope` and `scopes`. */
function fieldOf(name: string): string {
  const { wire } = memberOf(name) ?? {};
  return wire === undefined ? name : specName(wire);
}
