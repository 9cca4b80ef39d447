import { collectionPath } from '../../src/adapters/kubernetes/paths.ts';
import { RESOURCES } from '../../src/api/kubernetes.ts';
import { LABELS } from '../../src/api/names.ts';
import { OPERATOR_NAMESPACE } from '../kit/testbed/testbed.ts';
import { NAMESPACES } from './namespaces.ts';
import type { BenchServer } from './server.ts';

/** Objects that the operator works at, and where they are. */

/** What the raw script writes; it is gone before an operator starts. */
export const RAW_NAMESPACE = 'bench-raw';
export const UNRELATED_NAMESPACE = 'bench-unrelated';

export const clientsPath = (namespace?: string): string => collectionPath(RESOURCES.oauthClient, namespace);
export const secretsPath = (namespace?: string): string => collectionPath(RESOURCES.secret, namespace);

export const eventsPath = (namespace: string): string => collectionPath(RESOURCES.event, namespace);

export const namespaceOf = (index: number): string => NAMESPACES[index % NAMESPACES.length] ?? NAMESPACES[0];

/** What has to be there before the first client, as YAML. */
export function surroundings(server: BenchServer): string {
  const objects = [
    ...[...NAMESPACES, RAW_NAMESPACE, UNRELATED_NAMESPACE].map((name) => ({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name, labels: { sso: 'true' } },
    })),
    credential(OPERATOR_NAMESPACE, server.initialAccessToken),
    {
      apiVersion: 'oauth-registrar.dev/v1alpha1',
      kind: 'ClusterAuthorizationServer',
      metadata: { name: 'corporate' },
      spec: {
        issuer: server.issuer,
        ...server.spec,
        allowedNamespaces: { selector: { matchLabels: { sso: 'true' } } },
      },
    },
  ];
  return objects.map((object) => JSON.stringify(object)).join('\n');
}

/** The Secret that `spec` of a {@link BenchServer} may refer to. */
export const credential = (namespace: string, token = ''): object => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'iat', namespace, labels: { [LABELS.credential]: 'true' } },
  stringData: { token },
});

const CLUSTER_SERVER = { kind: 'ClusterAuthorizationServer', name: 'corporate' };

export const jobsPath = (namespace: string): string => `/apis/batch/v1/namespaces/${namespace}/jobs`;

/** A Job that runs nothing: what an agent's client is bound to. */
export const suspendedJob = (namespace: string, name: string): object => ({
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: { namespace, name },
  spec: {
    suspend: true,
    template: {
      spec: { restartPolicy: 'Never', containers: [{ name: 'agent', image: 'agent' }] },
    },
  },
});

/** The client of an agent, which ends with the Job of the same name. */
export const agentClient = (namespace: string, name: string): object => {
  const client = oauthClient(namespace, name) as { readonly spec: object };
  const lifetime = { boundTo: { group: 'batch', kind: 'Job', name } };
  return { ...client, spec: { ...client.spec, lifetime } };
};

/** An ordinary web application; by default of the server of {@link surroundings}. */
export const oauthClient = (namespace: string, name: string, server: object = CLUSTER_SERVER): object => ({
  apiVersion: 'oauth-registrar.dev/v1alpha1',
  kind: 'OAuthClient',
  metadata: { namespace, name },
  spec: {
    authorizationServerRef: server,
    client: {
      clientName: 'Storefront',
      redirectUris: ['https://shop.example.com/callback'],
      grantTypes: ['authorization_code', 'refresh_token'],
      tokenEndpointAuthMethod: 'client_secret_basic',
      scopes: ['openid', 'profile'],
    },
    secret: { name: `${name}-oauth` },
  },
});
