import * as z from 'zod';
import type { KubernetesObject, Secret } from '../api/kubernetes.ts';
import { ANNOTATIONS, LABELS } from '../api/names.ts';
import { type Json, parseJsonObject } from '../oauth/json.ts';
import { defined } from '../oauth/objects.ts';
import { Sensitive } from '../oauth/sensitive.ts';
import { sha256 } from '../oauth/sha256.ts';
import type { Credential, ServerConnection } from './connection.ts';
import { type ServerKey, type ServerName, serverKey } from './server-key.ts';

/**
 * What manages the clients of an AuthorizationServer, besides the records of these clients: client certificate, CA, proxy
 * and management credential. It is kept in one Secret per uid of a server object, in the operator's namespace, for the
 * time when the server object or a Secret that it names is gone. Of a ClusterAuthorizationServer nothing is kept: its
 * Secrets are the platform's own.
 */

/** The metadata of such a Secret. */
export interface ServerRecordObject extends KubernetesObject {
  /** Key of `serverKey`; `undefined` where somebody damaged it. */
  readonly server: ServerKey | undefined;
  /** Namespace of the server object. */
  readonly serverNamespace: string;
  readonly serverUid: string;
}

/** The content of such a Secret: everything that a DELETE needs besides the record of the client. */
export type ServerMeans = Pick<
  ServerConnection,
  'issuer' | 'registrationEndpoint' | 'tokenEndpoint' | 'allowedOrigins' | 'management' | 'transport'
>;

/** Value of the label `registration`, by which these Secrets are selected and registration Secrets are not. */
export const SERVER_RECORD = 'server';
const KEY = 'server.json';

/** @param uid of the server object */
export const serverRecordName = (uid: string): string => `as-${uid}`;

/** What is to be kept of a server; `undefined`: the records of its clients are enough. */
export function meansOf(connection: ServerConnection): ServerMeans | undefined {
  const { issuer, registrationEndpoint, tokenEndpoint, allowedOrigins, management, transport } = connection;
  const isByRecord = management.credential === undefined && management.mode !== 'ClientCredential';
  return transport === undefined && isByRecord
    ? undefined
    : { issuer, registrationEndpoint, tokenEndpoint, allowedOrigins, management, transport };
}

/** The Secret to write. It holds secrets, and no label or annotation shows one. */
export function toServerRecord(
  { name, namespace = '' }: ServerName,
  uid: string,
  means: ServerMeans,
  operatorNamespace: string,
): Secret {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name: serverRecordName(uid),
      namespace: operatorNamespace,
      labels: { [LABELS.registration]: SERVER_RECORD },
      annotations: {
        [ANNOTATIONS.server]: `AuthorizationServer/${namespace}/${name}`,
        [ANNOTATIONS.serverUid]: uid,
      },
    },
    type: 'Opaque',
    data: { [KEY]: Buffer.from(JSON.stringify(plain(means))).toString('base64') },
  };
}

/** Changes with what the Secret holds. For memory only: a hash of secrets has no place in an annotation. */
export const versionOfMeans = (means: ServerMeans): string => sha256(JSON.stringify(plain(means)));

/** Secrets as text, for the Secret that keeps them. */
function plain(value: unknown): Json | undefined {
  if (value instanceof Sensitive) {
    return value.reveal();
  }
  if (Array.isArray(value)) {
    return value.map((item) => plain(item) ?? null);
  }
  if (typeof value !== 'object' || value === null) {
    return value as Json | undefined;
  }
  const members = Object.entries(value).map(([name, member]) => [name, plain(member)]);
  return Object.fromEntries(members.filter(([, member]) => member !== undefined));
}

/** The cached form: of its metadata only. */
export function toServerRecordObject({ metadata }: KubernetesObject): ServerRecordObject {
  const { name, namespace = '', uid = '', resourceVersion = '', annotations = {} } = metadata;
  const [kind, serverNamespace = '', server] = (annotations[ANNOTATIONS.server] ?? '').split('/');
  return {
    metadata: { name, namespace, uid, resourceVersion },
    server:
      kind === 'AuthorizationServer' && server
        ? serverKey({ kind: 'AuthorizationServer', name: server }, serverNamespace)
        : undefined,
    serverNamespace,
    serverUid: annotations[ANNOTATIONS.serverUid] ?? '',
  };
}

/** Reads the data of such a Secret. `undefined` where it was damaged by hand. */
export function toServerMeans({ data = {} }: Secret): ServerMeans | undefined {
  const text = Buffer.from(data[KEY] ?? '', 'base64').toString();
  const read = MEANS.safeParse(parseJsonObject(text));
  if (!read.success) {
    return undefined;
  }
  const { tokenEndpoint, management, transport, ...others } = read.data;
  const { credential } = management;
  return {
    ...others,
    tokenEndpoint,
    management: { ...management, credential: credential as Credential | undefined },
    transport: transport && {
      ...defined(transport),
      version: `kept ${sha256(text).slice(0, 22)}`,
    },
  };
}

const sensitive = z.string().transform((text) => new Sensitive(text));
const texts = z.array(z.string());

const SIGNING_KEY = z.object({
  material: sensitive,
  format: z.enum(['Raw', 'Base64Url', 'Pem', 'Jwk']),
  algorithm: z.string(),
  keyId: z.string().optional(),
});

const CREDENTIAL = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('Token'), scheme: z.enum(['Bearer', 'SSWS']), token: sensitive }),
  z.object({ kind: z.literal('Basic'), username: z.string(), password: sensitive }),
  z.object({
    kind: z.literal('ClientCredentials'),
    clientId: z.string(),
    authentication: z.union([
      z.object({
        method: z.enum(['client_secret_basic', 'client_secret_post']),
        clientSecret: sensitive,
      }),
      z.object({
        method: z.enum(['client_secret_jwt', 'private_key_jwt']),
        key: SIGNING_KEY,
        audience: z.enum(['Issuer', 'TokenEndpoint']),
      }),
      z.object({ method: z.enum(['tls_client_auth', 'self_signed_tls_client_auth']) }),
    ]),
    scopes: texts,
    resources: texts,
    parameters: z.record(z.string(), z.string()),
    reuse: z.enum(['Never', 'UntilRefused']),
  }),
]);

const MEANS = z.object({
  issuer: z.string(),
  registrationEndpoint: z.url(),
  tokenEndpoint: z.url().optional(),
  allowedOrigins: texts,
  management: z.object({
    mode: z.enum(['Auto', 'RegistrationAccessToken', 'Credential', 'ClientCredential', 'None']),
    credential: CREDENTIAL.optional(),
    configurationUrl: z.string(),
    isExplicit: z.boolean(),
  }),
  transport: z
    .object({
      ca: z.string().optional(),
      certificate: z.object({ cert: z.string(), key: sensitive }).optional(),
      proxyUrl: z.string().optional(),
    })
    .optional(),
});
