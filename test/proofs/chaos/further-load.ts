import { ANNOTATIONS } from '../../../src/api/names.ts';
import type { OAuthClient } from '../../../src/api/oauth-client.ts';
import {
  all,
  eventually,
  machine,
  namespace,
  namespacedServer,
  oauthClient,
  serverRef,
} from '../../cluster/behaviour/objects.ts';
import { caOfDocuments, documentServer } from '../../kit/testbed/document-objects.ts';
import type { Testbed } from '../../kit/testbed/testbed.ts';
import { runOldPod, toDeployment } from '../../kit/testbed/workloads.ts';
import { list } from './cluster-reads.ts';
import { furtherBreaches } from './further-oracle.ts';
import type { Load, Scene } from './kill-world.ts';
import { uriOf } from './load.ts';

/**
 * What not every client has: documents, a migration, restarts of workloads, former clients that Pods still use,
 * management by the client itself, and credentials that are tried.
 */

const LOGO = 'https://edited.example/logo.png';

/** What happens to each client, and at which server it is in the end: `undefined` where it is gone. */
export interface FurtherClient {
  readonly server: string;
  readonly change: 'create' | 'edit' | 'replace' | 'delete' | 'nothing';
  /** The server of its only client in the end; by default `server`. */
  readonly ends?: string;
  /** Also the former client is there in the end. */
  readonly keepsFormer?: true;
  /** Kind of the server in the end. */
  readonly at: 'plain' | 'rotating' | 'bank' | 'documents';
  readonly spec?: object;
}

const KEY = { credential: { generatedKey: {} } };
const WHEN_UNUSED = { replacement: { onEdit: 'Automatic', overlap: '1s', retire: 'WhenUnused' } };
const document = (name: string) => ({ kind: 'ClusterAuthorizationServer', name });

export const FURTHER: Readonly<Record<string, FurtherClient>> = {
  'moved-0': { server: 'old', at: 'rotating', change: 'nothing' },
  'moved-1': { server: 'old', at: 'rotating', change: 'nothing' },
  returned: { server: 'left', at: 'plain', change: 'nothing' },
  restarted: {
    server: 'still',
    at: 'plain',
    change: 'replace',
    spec: { rolloutRestartTargets: [{ kind: 'Deployment', name: 'restarted' }] },
  },
  unused: { server: 'still', at: 'plain', change: 'replace', spec: WHEN_UNUSED },
  used: { server: 'still', at: 'plain', change: 'replace', spec: WHEN_UNUSED, keepsFormer: true },
  'document-created': { server: 'documents', at: 'documents', change: 'create' },
  'document-edited': { server: 'documents', at: 'documents', change: 'edit' },
  'document-deleted': { server: 'documents', at: 'documents', change: 'delete' },
  'document-gone': { server: 'documents-gone', at: 'documents', change: 'delete' },
  'bank-edited': { server: 'bank', at: 'bank', change: 'edit', spec: KEY },
  'bank-deleted': { server: 'bank', at: 'bank', change: 'delete', spec: KEY },
  stated: { server: 'stated', at: 'bank', change: 'replace', spec: KEY },
  gated: { server: 'gated', at: 'rotating', change: 'create' },
  'gated-before': { server: 'gated', at: 'rotating', change: 'nothing' },
};

const NAMES = Object.keys(FURTHER);
const clients = (ns: string): string => `/apis/oauth-registrar.dev/v1alpha1/namespaces/${ns}/oauthclients`;

/** The load of one case. It remembers the clients of before. */
export function furtherLoad(): Load {
  const former = new Map<string, string>();
  return {
    isFurther: true,
    async prepare(scene) {
      const { testbed, ns } = scene;
      await testbed.apply(
        all(namespace(ns), ...serversOf(scene), JSON.stringify(toDeployment(ns, 'restarted'))),
      );
      await runOldPod(testbed, { namespace: ns, name: 'used', secret: 'used' });
      const existing = NAMES.filter((name) => FURTHER[name]?.change !== 'create');
      await testbed.apply(all(...existing.map((name) => toClient(ns, name))));
      await untilAll(testbed, ns, isReady);
      for (const { metadata, status } of await list<OAuthClient>(testbed, clients(ns))) {
        former.set(metadata.name, status?.clientId ?? '');
      }
      await migrate(scene, 'left', { overlap: '1h' });
      await untilAll(
        testbed,
        ns,
        (object) =>
          isReady(object) &&
          (object.metadata.name !== 'returned' || object.status?.clientId !== former.get('returned')),
      );
    },
    unprepared: () => [],
    async disturb(scene) {
      const { testbed, ns } = scene;
      const changes = NAMES.flatMap((name) => changeOf(ns, name));
      await Promise.all([
        ...changes.map(async ([method, path, body]) => {
          const { status, json } = await testbed.controlPlane.admin.request(method, path, body);
          if (status >= 300) {
            throw new Error(`a change was refused: ${JSON.stringify(json)}`);
          }
        }),
        migrate(scene, 'old', { overlap: '0s' }),
        migrate(scene, 'left', null),
      ]);
    },
    breaches: (seen) => furtherBreaches(seen, former),
  };
}

const isReady = ({ metadata, status }: OAuthClient): boolean =>
  status?.observedGeneration === metadata.generation &&
  status?.conditions?.find(({ type }) => type === 'Ready')?.status === 'True';

/** Fails with what status says after two minutes. */
async function untilAll(testbed: Testbed, ns: string, isSo: (object: OAuthClient) => boolean): Promise<void> {
  await eventually(
    async () =>
      (await list<OAuthClient>(testbed, clients(ns)))
        .filter((object) => !isSo(object))
        .map(({ metadata, status }) => `${metadata.name}: ${JSON.stringify(status?.conditions)}`),
    (unready) => unready.length === 0,
    120_000,
  );
}

const migrate = ({ testbed, ns }: Scene, name: string, terms: object | null) =>
  testbed.kubectl(
    ...['patch', 'oas', name, '-n', ns, '--type=merge', '-p'],
    JSON.stringify({ spec: { migration: terms && { to: serverRef('new'), maxConcurrent: 1, ...terms } } }),
  );

function serversOf({ ns, testbed, plain, bank }: Scene): readonly string[] {
  const common = { attemptMarker: { member: 'client_name' }, recovery: { cooldown: '1s' } };
  const rotating = { ...common, dialect: 'oidc-provider' };
  const own = { ...common, management: { mode: 'ClientCredential' } };
  const statement = { secretRef: { name: 'statement' } };
  const at = (name: string, { issuer }: { readonly issuer: string }, spec: object) =>
    namespacedServer(issuer, ns, name, { ...spec, connection: { timeout: '2s' } });
  return [
    ...['old', 'left', 'still'].map((name) => at(name, plain, common)),
    at('new', testbed.server, rotating),
    at('gated', testbed.server, { ...rotating, verification: { mode: 'Gate' } }),
    at('bank', bank, own),
    at('stated', bank, { ...own, registration: { admission: { open: {} }, softwareStatement: statement } }),
    statementSecret(ns),
  ];
}

/** Nobody verifies it here. */
function statementSecret(ns: string): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const stringData = {
    software_statement: `${part({ alg: 'none' })}.${part({ iss: 'https://directory.example' })}.`,
  };
  const labels = { 'oauth-registrar.dev/credential': 'true' };
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'statement', namespace: ns, labels },
    stringData,
  });
}

/** Server objects of every case, for documents; their CA is in the operator's namespace. */
export const documentServers = (issuer: string, baseUrl: string, ca: string): string =>
  all(
    caOfDocuments(ca),
    documentServer('documents', {
      ...{ issuer, baseUrl },
      document: { primeAuthorization: 'OnPublish', maxAge: '30s' },
    }),
    documentServer('documents-gone', { issuer, baseUrl, document: { revoke: 'Gone' } }),
  );

type Change = readonly [method: 'POST' | 'PATCH' | 'DELETE', path: string, body?: object];

function changeOf(ns: string, name: string): readonly Change[] {
  const path = `${clients(ns)}/${name}`;
  switch (FURTHER[name]?.change) {
    case 'create':
      return [['POST', clients(ns), JSON.parse(toClient(ns, name))]];
    case 'edit':
      return [['PATCH', path, { spec: { client: { logoUri: LOGO } } }]];
    case 'replace':
      return [['PATCH', path, { metadata: { annotations: { [ANNOTATIONS.rotateRequestedAt]: '1' } } }]];
    case 'delete':
      return [['DELETE', path]];
    default:
      return [];
  }
}

function toClient(ns: string, name: string): string {
  const { server = '', at, spec } = FURTHER[name] ?? {};
  const { clientName: _, tokenEndpointAuthMethod, ...client } = machine;
  const metadata = at === 'documents' ? DOCUMENT : client;
  const byMethod = at === 'plain' || at === 'rotating' ? { tokenEndpointAuthMethod } : {};
  return oauthClient(ns, name, {
    client: { ...metadata, ...byMethod, clientUri: uriOf(ns, name) },
    server: at === 'documents' ? document(server) : serverRef(server),
    replacement: { onEdit: 'Automatic', overlap: '0s' },
    ...spec,
  });
}

const DOCUMENT = {
  clientName: 'Document',
  redirectUris: ['https://shop.example.com/callback'],
  grantTypes: ['authorization_code'],
  responseTypes: ['code'],
};
