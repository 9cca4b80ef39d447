import { OPERATOR_NAMESPACE } from '../../kit/testbed/testbed.ts';

/** Where people work: the namespace, its server objects and workloads. */

export const NAMESPACE = 'soak';

/** The authorization servers, which are emulated. */
export const SERVERS = ['steady', 'rotating'] as const;
export type ServerName = (typeof SERVERS)[number];

/**
 * Server object → how often people choose it. The clients of `leaving` (at `steady`) move to `arriving` (at
 * `rotating`); those of `documents` are not registered.
 */
export const SERVER_OBJECTS = { steady: 3, rotating: 3, leaving: 2, documents: 2 } as const;
export type ServerObject = keyof typeof SERVER_OBJECTS;

export const serverReference = (name: ServerObject | 'arriving') => ({
  kind: name === 'documents' ? 'ClusterAuthorizationServer' : 'AuthorizationServer',
  name,
});

export interface Stage {
  readonly issuers: Readonly<Record<ServerName, string>>;
  readonly documents: { readonly issuer: string; readonly baseUrl: string; readonly ca: string };
  /** Of every call to a server. */
  readonly timeout: string;
}

const API = 'oauth-registrar.dev/v1alpha1';
const CA = { kind: 'ConfigMap', name: 'documents-ca' };

/** Namespace and server objects, as YAML. */
export function stageOf({ issuers, documents, timeout }: Stage): string {
  const at = (name: string, issuer: ServerName, terms: object = {}) => ({
    apiVersion: API,
    kind: 'AuthorizationServer',
    metadata: { name, namespace: NAMESPACE },
    spec: {
      issuer: issuers[issuer],
      registration: { admission: { open: {} } },
      attemptMarker: { member: 'client_name' },
      connection: { timeout },
      recovery: { cooldown: '1s', maxRegistrationsPerHour: 1_000 },
      ...(issuer === 'rotating' ? { dialect: 'oidc-provider' } : {}),
      ...terms,
    },
  });
  const { issuer, baseUrl, ca } = documents;
  return [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } },
    {
      apiVersion: 'v1',
      kind: CA.kind,
      metadata: { name: CA.name, namespace: OPERATOR_NAMESPACE },
      data: { 'ca.crt': ca },
    },
    at('steady', 'steady', { verification: { mode: 'Gate' } }),
    at('rotating', 'rotating'),
    at('leaving', 'steady'),
    at('arriving', 'rotating'),
    {
      apiVersion: API,
      kind: 'ClusterAuthorizationServer',
      metadata: { name: 'documents' },
      spec: {
        issuer,
        identification: { mode: 'Document', document: { baseUrl, maxAge: '30s' } },
        connection: { caRef: CA, timeout },
        allowedNamespaces: { selector: {} },
      },
    },
  ]
    .map((object) => JSON.stringify(object))
    .join('\n');
}

/** A Deployment that the client of this name restarts. Nothing runs it. */
export function toWorkloadOf(name: string): object {
  const labels = { app: name };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: NAMESPACE },
    spec: {
      replicas: 0,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: { containers: [{ name: 'app', image: 'registry.example.com/app:1.0' }] },
      },
    },
  };
}
