import type { AuthorizationServerSpec } from '../api/authorization-server.ts';
import type { Condition } from '../api/conditions.ts';
import { RESOURCES } from '../api/kubernetes.ts';
import { rfc3339 } from '../api/time.ts';
import type { AuthorizationServerHttp } from '../controller/ports.ts';
import { discover } from '../controller/server/discover-endpoints.ts';
import { resolveReferences } from '../controller/server/references.ts';
import { secretReferences, toConnection, transportOf } from '../core/build-connection.ts';
import { type CredentialSecrets, type SecretReference, secretValue } from '../core/credential.ts';
import { isProblem, type Problem } from '../core/problem.ts';
import { keyOfServer, serverNamed } from '../core/server-key.ts';
import type { ServerObject } from '../core/server-object.ts';
import { effectiveDialect } from '../dialects/presets.ts';
import { rfc7591 } from '../dialects/rfc7591.ts';
import { SWITCH_NAMES, SWITCHES } from '../dialects/switches.ts';
import { isSameJson, type Json } from '../oauth/json.ts';
import { statementExpiry } from '../oauth/software-statement.ts';
import { asSentence } from '../oauth/text.ts';
import type { ClusterAccess } from './cluster.ts';
import { conditionOf } from './conditions.ts';
import { createDryRun } from './dry-run.ts';
import { unseenBecause } from './failure.ts';
import { migrationFindings } from './migration-check.ts';
import type { ServerFinding } from './server-finding.ts';
import { assumedNamespace, operatorNamespaceOf, withOperatorNamespace } from './versions.ts';

/**
 * Checks a server object: its documents are read from this machine, its credentials with the caller's rights. Nothing but
 * GETs of documents is sent.
 */
export async function checkServer(
  object: ServerObject,
  cluster: ClusterAccess,
  http: AuthorizationServerHttp,
): Promise<readonly ServerFinding[]> {
  const { spec, problem = "The spec can't be used.", problemReason = 'InvalidSpec' } = object;
  if (spec === undefined) {
    return [{ part: 'Spec', verdict: 'Bad', text: problem, reason: problemReason }];
  }
  return [
    ...statusFindings(object),
    ...(await foundByReading(object, spec, cluster, http)),
    ...managementFindings(object),
    ...(await migrationFindings(object, cluster)),
    ...quirks(spec),
    namespaces(object),
  ];
}

function statusFindings({ status, generation }: ServerObject): readonly ServerFinding[] {
  const shown = (condition: Condition | undefined, good: Condition['status']): readonly ServerFinding[] => {
    const { message = '', reason = '' } = condition ?? {};
    const verdict = condition?.status === good ? 'Good' : condition?.status === 'Unknown' ? 'Note' : 'Bad';
    return condition === undefined ? [] : [{ part: 'Status', verdict, text: message, reason }];
  };
  const paused = conditionOf(status, 'Paused');
  const isCurrent = status.observedGeneration === generation;
  return [
    ...shown(conditionOf(status, 'Ready'), 'True'),
    ...shown(conditionOf(status, 'AdmissionAccepted'), 'True'),
    ...(paused?.status === 'True' ? shown(paused, 'False') : []),
    ...(isCurrent
      ? []
      : [
          {
            part: 'Status',
            verdict: 'Bad',
            text: 'The operator has not read the present spec yet.',
          } as const,
        ]),
  ];
}

async function foundByReading(
  object: ServerObject,
  spec: AuthorizationServerSpec,
  given: ClusterAccess,
  http: AuthorizationServerHttp,
): Promise<readonly ServerFinding[]> {
  const cluster = await withOperatorNamespace(given);
  const namespace = operatorNamespaceOf(cluster);
  const { context } = createDryRun(cluster, { namespace, installation: undefined }, http);
  const { urlRules, documents: hosting } = context.settings;
  const now = context.clock.now();
  const references = await resolveReferences(object, spec, context);
  const assumed = object.metadata.namespace === undefined ? assumedNamespace(cluster) : undefined;
  const credentials = credentialFindings(spec, references.secrets, now, assumed);
  const transport = references.problem ?? transportOf(spec, { ...references, urlRules });
  if (isProblem(transport)) {
    return [
      { part: 'Discovery', verdict: 'Unseen', text: transport.message, reason: transport.reason },
      ...credentials,
    ];
  }
  const server = serverNamed(keyOfServer(object));
  const found =
    spec.discovery.mode === 'None'
      ? undefined
      : await discover(server, spec, context, urlRules, { transport });
  const endpoints =
    found === undefined || isProblem(found) ? (object.status.endpoints ?? {}) : found.endpoints;
  const read = found === undefined || isProblem(found) ? {} : found;
  const connection = toConnection(object, spec, {
    aliases: {},
    ...read,
    endpoints,
    ...references,
    urlRules,
    now,
    hosting,
  });
  // Without a document the endpoint is missing, which the finding about discovery explains.
  const isUnread =
    isProblem(found) && isProblem(connection) && connection.reason === 'RegistrationNotSupported';
  const isCovered = isUnread || credentials.some(({ verdict }) => verdict === 'Bad' || verdict === 'Unseen');
  return [
    discoveryFinding(object, found, !isProblem(connection) && connection.documents !== undefined),
    ...(isProblem(connection) && !isCovered
      ? [{ part: 'Spec', verdict: 'Bad', text: connection.message, reason: connection.reason } as const]
      : []),
    ...credentials,
  ];
}

/** What this machine can't reach, the operator may reach. */
function discoveryFinding(
  { status }: ServerObject,
  found: { readonly url: string } | Problem | undefined,
  isByDocuments: boolean,
): ServerFinding {
  const part = 'Discovery';
  if (found === undefined) {
    return { part, verdict: 'Note', text: 'No document is read: spec.discovery.mode is None.' };
  }
  if (!isProblem(found)) {
    const what = isByDocuments
      ? 'was read; clients are identified by documents of the operator.'
      : 'has a registration endpoint.';
    return { part, verdict: 'Good', text: `The document at ${found.url} ${what}` };
  }
  const said = `From this machine: ${asSentence(found.message)}`;
  const isReady = conditionOf(status, 'Ready')?.status === 'True';
  return isReady
    ? {
        part,
        verdict: 'Unseen',
        text: `${said} The operator found the endpoints.`,
      }
    : { part, verdict: 'Bad', text: said, reason: found.reason };
}

function credentialFindings(
  spec: AuthorizationServerSpec,
  secrets: CredentialSecrets,
  now: number,
  assumed: string | undefined,
): readonly ServerFinding[] {
  const byName = new Map(secretReferences(spec).map((reference) => [reference.name, reference]));
  if (byName.size === 0) {
    return [{ part: 'Credentials', verdict: 'Note', text: 'The server object refers to no Secret.' }];
  }
  const findings = [...byName.values()].flatMap((reference) => credentialFinding(reference, secrets, now));
  return assumed === undefined
    ? findings
    : [...findings, { part: 'Credentials', verdict: 'Note', text: assumed }];
}

function credentialFinding(
  { name, keys: [key = ''] }: SecretReference,
  secrets: CredentialSecrets,
  now: number,
): readonly ServerFinding[] {
  const part = 'Credentials';
  const { namespace } = secrets;
  const secret = secrets.get(name);
  if (secret.kind === 'NotRead') {
    const asked = { verb: 'get', resource: RESOURCES.secret, namespace } as const;
    return [{ part, verdict: 'Unseen', text: unseenBecause(asked, `Secret ${name} is not checked`) }];
  }
  const value = secretValue(secrets, { name, key });
  if (secret.kind !== 'Found') {
    return isProblem(value) ? [{ part, verdict: 'Bad', text: value.message, reason: value.reason }] : [];
  }
  const ends = Object.entries(secret.values).flatMap(([key, value]) => {
    const at = statementExpiry(value);
    return at === undefined
      ? []
      : [expiryFinding(`Key "${key}" of Secret ${namespace}/${name}`, at * 1000, now)];
  });
  return [
    { part, verdict: 'Good', text: `Secret ${namespace}/${name} is there, with the label of a credential.` },
    ...ends,
  ];
}

function expiryFinding(what: string, at: number, now: number): ServerFinding {
  return at <= now
    ? {
        part: 'Credentials',
        verdict: 'Bad',
        text: `${what} expired at ${rfc3339(Math.max(at, 0))}. Put a current one into it.`,
      }
    : { part: 'Credentials', verdict: 'Note', text: `${what} expires at ${rfc3339(at)}.` };
}

function managementFindings({
  status: { management = 'Unknown', unsupportedCalls = [] },
}: ServerObject): readonly ServerFinding[] {
  const part = 'Management';
  const lacks = unsupportedCalls.map(
    (call) => `The server refused each ${call.toLowerCase()}, so none is sent at the moment.`,
  );
  return [
    { part, verdict: management === 'None' ? 'Bad' : 'Note', text: MANAGEMENT_WORDS[management] },
    ...lacks.map((text) => ({ part, verdict: 'Bad', text }) as const),
  ];
}

const MANAGEMENT_WORDS = {
  Unknown: 'How clients are managed is not known before the first answer.',
  RegistrationAccessToken: 'Clients are managed by their registration access tokens.',
  Credential: 'Clients are managed by the credential of the server object.',
  ClientCredential: 'Each client is managed with an access token that it obtains itself.',
  None: 'The server gives no way to change or delete a client.',
} as const;

/** The switches of the dialect that differ from the RFCs. */
function quirks(spec: AuthorizationServerSpec): readonly ServerFinding[] {
  const dialect = effectiveDialect(spec.dialect, spec.dialectOverrides ?? {});
  const departing = SWITCH_NAMES.filter((name) => !isSameJson(dialect[name] as Json, rfc7591[name] as Json));
  const texts = departing.map(
    (name) => `${name} is ${JSON.stringify(dialect[name])}: ${SWITCHES[name].words}`,
  );
  const none = `The dialect ${spec.dialect} keeps to the RFCs.`;
  return (texts.length === 0 ? [none] : texts).map((text) => ({ part: 'Quirks', verdict: 'Note', text }));
}

function namespaces({ metadata, allowedNamespaces }: ServerObject): ServerFinding {
  const part = 'Namespaces';
  if (metadata.namespace !== undefined) {
    return { part, verdict: 'Note', text: `It serves namespace ${metadata.namespace}.` };
  }
  const { names = [], selector } = allowedNamespaces ?? {};
  const admitted = [
    ...(names.length === 0 ? [] : [`the namespaces ${names.join(', ')}`]),
    ...(selector === undefined ? [] : [`namespaces with the labels ${JSON.stringify(selector)}`]),
  ];
  return admitted.length === 0
    ? { part, verdict: 'Bad', text: 'It admits no namespace: set spec.allowedNamespaces.' }
    : { part, verdict: 'Note', text: `It admits ${admitted.join(' and ')}.` };
}
