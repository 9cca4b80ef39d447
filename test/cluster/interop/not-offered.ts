import { expect, it } from 'vitest';
import { type InteropScene, readyMessage } from './scene.ts';

/** A server that knows neither clients of ServiceAccounts nor documents, and one of its clients. */
interface OrdinaryServer {
  readonly scene: () => InteropScene;
  readonly issuer: () => string;
  /** Spec of its server object. */
  readonly spec: object;
  /** `spec.client` of a client that it registers. */
  readonly client: object;
  /** The client of an OAuthClient, as the server itself shows it. */
  readonly registered: (name: string) => Promise<unknown>;
  /** What the server shows of `client`. */
  readonly shown: object;
}

/** What the operator says at a server that knows neither. */
export function neitherAccountsNorDocuments({
  scene,
  issuer,
  spec,
  client,
  registered,
  shown,
}: OrdinaryServer) {
  it('a client of a ServiceAccount is not registered, and is told why', async () => {
    await scene().server('tokens', issuer(), { ...spec, workloadIdentity: { mode: 'Allow' } });
    await scene().client(
      'workload',
      'tokens',
      { grantTypes: ['client_credentials'], responseTypes: [] },
      {
        credential: { serviceAccount: { name: 'default' } },
      },
    );
    expect(readyMessage(await scene().until('workload', 'WorkloadIdentityNotOffered'))).toContain(
      'The dialect of the server object has no words for spec.credential.serviceAccount. Choose another credential; at Keycloak 26.7 the platform team can set dialect keycloak-native.',
    );
  });

  it('with mode Auto clients are registered as without it, since the metadata of the server do not name documents', async () => {
    const document = { baseUrl: 'https://clients.example.com' };
    await scene().server('auto', issuer(), { ...spec, identification: { mode: 'Auto', document } });
    await scene().client('by-registration', 'auto', client);
    await scene().until('by-registration', 'Registered');
    expect(await registered('by-registration')).toMatchObject(shown);
    const server = await scene().testbed.kubectl('-n', 'shop', 'get', 'oas', 'auto', '-o', 'json');
    expect(JSON.parse(server)).toMatchObject({ status: { identification: 'Registration' } });
  });
}
