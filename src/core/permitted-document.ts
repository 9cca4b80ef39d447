import {
  clientDocument,
  completeMetadata,
  documentProblem,
  documentUrl,
  placementProblem,
  sizeProblem,
} from '../oauth/client-document.ts';
import { REDIRECTING_GRANTS } from '../oauth/client-metadata.ts';
import { type JsonObject, parseJsonObject } from '../oauth/json.ts';
import type { ServerConnection } from './connection.ts';
import { defaultsDocument, type WantedDocument, wantedDocument } from './document.ts';
import type { Usable } from './narrowed.ts';
import { recordProblem } from './needed-secrets.ts';
import { policyProblem } from './policy.ts';
import { judgedIn, shownList } from './policy-judged.ts';
import { uriRefusal } from './policy-uris.ts';
import { isProblem, type Problem } from './problem.ts';

/** The document to register, judged by the policy of its server. */

/**
 * The document of a client at a server, or why it may not be registered there.
 *
 * @param isAsRegistered the same document is registered already, and is sent again for a new key or token: a policy that
 *   became stricter since then must not let the client expire
 */
export function documentOf(
  o: Usable,
  connection: ServerConnection,
  isAsRegistered = false,
): WantedDocument | Problem {
  const { object, spec, statement, namespace, name, cluster, current } = o;
  if (isProblem(statement)) {
    return statement;
  }
  const client = { namespace, name, cluster, createdAt: object.createdAt };
  const registered = wantedDocument(client, spec, connection, statement);
  const wanted = isProblem(registered) ? registered : inItsForm(registered, o, connection);
  if (isProblem(wanted) || isAsRegistered) {
    return wanted;
  }
  if (o.accountHolder !== undefined && spec.credential?.serviceAccount !== undefined) {
    return {
      reason: 'ClientAlreadyManaged',
      message: `OAuthClient ${o.accountHolder} has a client for ServiceAccount ${spec.credential.serviceAccount.name} at this server already, and the server gives tokens to one of two. Use that client, or name another ServiceAccount.`,
    };
  }
  const unredirected = missingRedirect(wanted.document);
  if (unredirected !== undefined) {
    return unredirected;
  }
  const { policy } = connection;
  const refused =
    policyProblem(wanted.document, policy, {
      defaults: policy?.defaultsOnly && defaultsDocument(client, connection),
      bringsStatement: statement !== undefined,
      ...(wanted.own && { own: wanted.own }),
    }) ?? grantsRefusal(wanted.document, connection);
  const mayRetain = !object.retained || policy?.retain !== 'Deny' || current?.retain === true;
  const refusedRetention: Problem | undefined = mayRetain
    ? undefined
    : { reason: 'PolicyRefused', message: RETAIN_REFUSAL };
  return (
    refused ??
    refusedRetention ??
    misplaced(wanted.document, connection) ??
    recordProblem(o, object, wanted.document, connection) ??
    wanted
  );
}

/** After the policy, which says of a URI what the team can't change. */
function misplaced(document: JsonObject, { documents }: ServerConnection): Problem | undefined {
  const message = documents && placementProblem(document, documents.baseUrl);
  return message === undefined ? undefined : { reason: 'InvalidClientMetadata', message };
}

/**
 * A form may turn on grants that the client did not name: Keycloak turns on flows by response types. So the grants that the body
 * turns on are judged, too.
 */
function grantsRefusal(document: JsonObject, { codec, policy }: ServerConnection): Problem | undefined {
  if (codec === undefined || policy?.grantTypes === undefined) {
    return undefined;
  }
  const { grant_types: grants = [] } = codec.decode({ clientId: ATTEMPT, ...codec.encode(document) });
  const listed = policy.grantTypes;
  const turnedOn = (Array.isArray(grants) ? grants.map(String) : []).find((grant) => !listed.includes(grant));
  return turnedOn === undefined
    ? undefined
    : {
        reason: 'PolicyRefused',
        message: `response_types turn on the grant type ${turnedOn} at this server, which is not permitted: spec.policy.grantTypes of the server object lists ${shownList(listed)}; choose other response types, or ask the platform team to extend spec.policy.grantTypes.`,
      };
}

/** What servers find at the client's URL, where they are to find it there; each URI in it is judged, too. */
function inItsForm(
  wanted: WantedDocument,
  o: Usable,
  { documents, policy }: ServerConnection,
): WantedDocument | Problem {
  if (documents === undefined) {
    return wanted;
  }
  const key = o.spec.credential?.generatedKey;
  const hasKey = key !== undefined;
  const document = completeMetadata(wanted.document, o.name);
  const problem = documentProblem(document, hasKey);
  if (problem !== undefined) {
    return { reason: 'InvalidClientMetadata', message: problem };
  }
  const url = documentUrl(
    documents.baseUrl,
    { namespace: o.namespace, name: o.name, uid: o.object.uid },
    ATTEMPT,
  );
  const ofKey = key && { token_endpoint_auth_signing_alg: key.algorithm, jwks: { keys: [] } };
  const served = clientDocument(url, { ...ofKey, ...document, ...(ofKey && { jwks: ofKey.jwks }) });
  const tooLarge = sizeProblem(served);
  if (tooLarge !== undefined) {
    return { reason: 'InvalidClientMetadata', message: tooLarge };
  }
  const { client_id: _, jwks_uri: keys, ...foreign } = parseJsonObject(served.body) ?? {};
  const judged = judgedIn(
    document['jwks_uri'] === undefined || keys === undefined ? foreign : { ...foreign, jwks_uri: keys },
  );
  const refused = policy && uriRefusal(judged, policy);
  return refused === undefined ? { ...wanted, document } : { reason: 'PolicyRefused', message: refused };
}

/** As long as the id of a registration. */
const ATTEMPT = 'expected00';

/** A software statement may bring the redirect URIs, so a document with one is left to the server. */
function missingRedirect(document: JsonObject): Problem | undefined {
  const { grant_types: grantTypes, redirect_uris: redirectUris, software_statement: statement } = document;
  const grantType = Array.isArray(grantTypes)
    ? REDIRECTING_GRANTS.find((redirecting) => grantTypes.includes(redirecting))
    : undefined;
  const hasRedirect = Array.isArray(redirectUris) && redirectUris.length > 0;
  return grantType === undefined || hasRedirect || statement !== undefined
    ? undefined
    : {
        reason: 'InvalidSpec',
        message: `Grant type ${grantType} sends users back to a redirect URI, and the client has none. Set spec.client.redirectUris, or remove ${grantType} from grantTypes.`,
      };
}

export const RETAIN_REFUSAL =
  'spec.deletionPolicy Retain is not permitted: spec.policy.retain of the server object is Deny; set it to Delete, or ask the platform team to set spec.policy.retain to Allow.';
