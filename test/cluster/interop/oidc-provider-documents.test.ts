import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { caOfDocuments, documentFlags, documentServer } from '../../kit/testbed/document-objects.ts';
import { type DocumentServer, startDocumentServer } from '../../kit/testbed/document-server.ts';
import { type DocumentsProcess, startDocuments } from '../../kit/testbed/documents.ts';
import { all, conditionOf, eventually, OPERATOR_NAMESPACE, oauthClient } from '../behaviour/objects.ts';
import { type Team, teamIn } from '../behaviour/team.ts';
import { type InteropScene, requestTokenWithKey, startInterop } from './scene.ts';

/**
 * Keys of clients that a document identifies, at a real node-oidc-provider: what takes longer than a minute. The rest:
 * test/cluster/behaviour/documents.test.ts.
 */

let scene: InteropScene;
let documents: DocumentsProcess;
let server: DocumentServer;
let shop: Team;

beforeAll(async () => {
  scene = await startInterop();
  shop = teamIn(scene.testbed, 'shop', { waitMs: 30_000 });
  documents = await startDocuments(scene.testbed.controlPlane);
  server = await startDocumentServer(documents.ca.cert);
  await scene.testbed.operator.stop();
  await scene.testbed.startOperator(documentFlags(documents.baseUrl));
  await scene.testbed.apply(
    all(
      caOfDocuments(documents.ca.cert),
      documentServer('provider', { issuer: server.issuer, baseUrl: documents.baseUrl }),
    ),
  );
});

afterAll(async () => {
  await scene?.stop();
  await documents?.stop();
  await server?.stop();
});

const keysServed = async (clientId: string) => {
  const { body } = await documents.fetch(`${clientId}/jwks`);
  return (JSON.parse(body) as { keys: { kid: string }[] }).keys.map(({ kid }) => kid);
};

describe('The key of a client that a document identifies', () => {
  it('is renewed: the new one is served first, then the Secret follows, and the old one works in the overlap', async () => {
    const client = {
      clientName: 'Worker',
      redirectUris: ['https://shop.example.com/callback'],
      grantTypes: ['authorization_code', 'client_credentials'],
      responseTypes: ['code'],
    };
    await scene.testbed.apply(
      oauthClient('shop', 'worker', {
        client,
        credential: { generatedKey: { algorithm: 'ES256', rotateAfter: '720h' } },
        server: { kind: 'ClusterAuthorizationServer', name: 'provider' },
      }),
    );
    await shop.until('worker', 'Registered');
    const first = await scene.secret('worker');
    const { client_id: clientId = '', kid: firstKid = '' } = first;
    expect(await requestTokenWithKey(first, 'ES256')).toMatchObject({ status: 200 });

    await makeKeyDue('worker');
    const settling = await shop.until('worker', 'DocumentSettling');
    expect(conditionOf(settling, 'Ready')).toMatchObject({ status: 'True' });
    const [secondKid, ...others] = await keysServed(clientId);
    expect(secondKid).not.toBe(firstKid);
    expect(others).toEqual([firstKid]);
    expect(await scene.secret('worker')).toEqual(first);

    const second = await eventually(
      () => scene.secret('worker'),
      ({ kid }) => kid !== firstKid,
      150_000,
    );
    expect(second).toMatchObject({ client_id: clientId, kid: secondKid });
    expect(await requestTokenWithKey(second, 'ES256')).toMatchObject({ status: 200 });
    expect(await requestTokenWithKey(first, 'ES256')).toMatchObject({ status: 200 });
    expect(await keysServed(clientId)).toEqual([secondKid, firstKid]);
  }, 240_000);
});

/** As if `rotateAfter` were over. */
async function makeKeyDue(name: string): Promise<void> {
  const [record] = await shop.registrations(name);
  await teamIn(scene.testbed, OPERATOR_NAMESPACE).patch('secret', record?.name ?? '', {
    metadata: { annotations: { 'oauth-registrar.dev/key-rotates-at': '2026-01-01T00:00:00Z' } },
  });
}
