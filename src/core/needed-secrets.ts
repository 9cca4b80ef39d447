import type { OAuthClientSpec } from '../api/oauth-client.ts';
import { SHARES } from '../api/shares.ts';
import { presentable } from '../oauth/error-response.ts';
import type { JsonObject } from '../oauth/json.ts';
import { defined } from '../oauth/objects.ts';
import { originOf } from '../oauth/url.ts';
import type { ServerConnection } from './connection.ts';
import { isDataKey, isLabelValue, isQualifiedName, isSubdomain, secretProblem } from './object-grammar.ts';
import type { Observation, ObservedClient } from './observation.ts';
import type { Problem } from './problem.ts';
import { recordName, toRegistrationSecret } from './record.ts';
import { contentAt } from './recorded-answer.ts';

/** The Secrets that a client needs, judged by the API server's own bounds before anything is sent for it. */

/** The problems that make the Secret of `spec.secret` impossible, as sentences without a full stop. */
export function workloadSecretProblems({ secret }: Pick<OAuthClientSpec, 'secret'>): readonly string[] {
  const { name, labels = {}, annotations = {}, keys = {}, include = [] } = secret;
  const shown = (text: string) => presentable(text, []);
  const isUnmapped = (member: string) => !Object.hasOwn(keys, member);
  const wrong = {
    label: Object.keys(labels).find((key) => !isQualifiedName(key)),
    value: Object.entries(labels).find(([, value]) => !isLabelValue(value))?.[0],
    annotation: Object.keys(annotations).find((key) => !isQualifiedName(key.toLowerCase())),
    key: Object.values(keys).find((key) => key !== '' && !isDataKey(key)),
    include: include.find((member) => isUnmapped(member) && !isDataKey(member)),
  };
  return [
    name === undefined || isSubdomain(name)
      ? undefined
      : `spec.secret.name "${shown(name)}" can't be the name of a Secret`,
    wrong.label && `spec.secret.labels has "${shown(wrong.label)}", which can't be the key of a label`,
    wrong.value && `spec.secret.labels gives ${shown(wrong.value)} a value that no label can have`,
    wrong.annotation &&
      `spec.secret.annotations has "${shown(wrong.annotation)}", which can't be the key of an annotation`,
    wrong.key && `spec.secret.keys has "${shown(wrong.key)}", which can't be the key of a Secret`,
    wrong.include &&
      `spec.secret.include has "${shown(wrong.include)}", which can't be the key of a Secret: give it another by spec.secret.keys`,
  ].filter((problem) => problem !== undefined);
}

/** The size of the largest answer that `kept-answer.ts` keeps. */
const ANSWER_BYTES =
  SHARES.keptAnswerBytes.most +
  SHARES.clientSecretBytes.most +
  SHARES.registrationAccessTokenBytes.most +
  SHARES.registrationClientUriBytes.most +
  SHARES.clientIdLength.most;
/** Room for generated keys: the largest are two RSA keys of 4096 bits. */
const KEY_BYTES = 32_768;
const ATTEMPT = '0'.repeat(10);
const TIME = '2026-01-01T00:00:00Z';

/**
 * Why the registration Secret of this client couldn't be stored with the largest answer in it. `undefined`: it could.
 *
 * @param document what is to be sent, in the dialect of the server
 */
export function recordProblem(
  o: Pick<Observation, 'namespace' | 'name' | 'namespaceUid' | 'installation'>,
  object: Pick<ObservedClient, 'uid' | 'purpose' | 'retained' | 'rotateRequestedAt'>,
  document: JsonObject,
  connection: ServerConnection,
): Problem | undefined {
  const { registrationEndpoint, transport, issuer } = connection;
  const clientId = 'x'.repeat(SHARES.clientIdLength.most);
  const secret = toRegistrationSecret(
    {
      registrationSecret: recordName(object.uid, ATTEMPT),
      role: 'left-behind',
      attempt: ATTEMPT,
      writtenBy: ATTEMPT,
      client: { namespace: o.namespace, name: o.name, uid: object.uid },
      purpose: object.purpose,
      namespaceUid: o.namespaceUid,
      installation: o.installation.id,
      server: { kind: 'ClusterAuthorizationServer', name: 'x'.repeat(253) },
      serverUid: connection.uid,
      issuer,
      registrationOrigin: originOf(registrationEndpoint),
      clientId,
      metadataHash: 'x'.repeat(256),
      revision: Number.MAX_SAFE_INTEGER,
      registeredAt: TIME,
      clientSecretExpiresAt: TIME,
      registrationAccessTokenExpiresAt: TIME,
      tokenIssuedAt: TIME,
      managed: true,
      retain: object.retained,
      replaces: recordName(object.uid, ATTEMPT),
      ...defined({ rotatedFor: object.rotateRequestedAt }),
      keyCreatedAt: TIME,
      leftAt: TIME,
    },
    contentAt(
      connection,
      { information: { clientId: '', metadata: {} }, sent: document, keys: [] },
      Object.keys(connection.endpoints.others ?? {}),
    ),
    'x',
  );
  const problem = secretProblem(secret, ANSWER_BYTES + KEY_BYTES);
  if (problem === undefined) {
    return undefined;
  }
  const [ofSpec, ofServer] = [JSON.stringify(document).length, transport?.ca?.length ?? 0];
  const what =
    ofSpec >= ofServer
      ? `spec.client takes ${ofSpec} bytes; make it smaller`
      : `the CA bundle that connection.caRef of the server object names takes ${ofServer} bytes; the platform team makes that smaller`;
  return {
    reason: 'InvalidSpec',
    message: `The registration Secret of this client could not be stored: ${problem}. Of the spec and the server object, ${what}.`,
  };
}
