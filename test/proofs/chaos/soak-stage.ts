import { caOfDocuments, documentServer } from '../../kit/testbed/document-objects.ts';

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

/** Namespace and server objects, as YAML. */
export function stageOf({ issuers, documents, timeout }: Stage): string {
  const at = (name: string, issuer: ServerName, terms: object = {}) => ({
    apiVersion: 'oauth-registrar.dev/v1alpha1',
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
  const objects = [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } },
    at('steady', 'steady', { verification: { mode: 'Gate' } }),
    at('rotating', 'rotating'),
    at('leaving', 'steady'),
    at('arriving', 'rotating'),
  ];
  return [
    ...objects.map((object) => JSON.stringify(object)),
    caOfDocuments(ca),
    documentServer('documents', {
      ...{ issuer, baseUrl },
      document: { maxAge: '30s' },
      connection: { timeout },
    }),
  ].join('\n');
}
