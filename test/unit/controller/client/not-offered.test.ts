import { expect, test } from 'vitest';
import { reconcileClient } from '../../../../src/controller/client/reconcile.ts';
import { clientKey } from '../../../../src/core/client-key.ts';
import { answered } from '../../../kit/fakes/fake-ports.ts';
import { operatorInMemory } from '../../../kit/fakes/operator-in-memory.ts';
import { take } from '../../../kit/fakes/step-runner.ts';
import {
  CLIENT,
  clientObject,
  registrationSecret,
  surroundings,
  workloadSecret,
} from '../../../kit/fixtures/objects.ts';
import { connection } from '../../../kit/fixtures/observations.ts';

const KEY = clientKey(CLIENT);
const OFFERED = { token_endpoint_auth_method: ['client_secret_post', 'none'] } as const;
const ASKED =
  "The client asks for token_endpoint_auth_method client_secret_basic, and token_endpoint_auth_methods_supported of the server's discovery document offers only client_secret_post, none.";

const answer = (metadata: object) =>
  answered(201, {
    client_id: 'c1',
    client_secret: 'secret-1',
    registration_access_token: 'token-1',
    registration_client_uri: 'https://sso.example.com/register/c1',
    ...metadata,
  });

/** A new client, at a server whose discovery document offers {@link OFFERED} or these values. */
function scene(
  method: string,
  answers: object,
  { offered }: Pick<typeof connection, 'offered'> = { offered: OFFERED },
) {
  const operator = operatorInMemory({
    objects: [
      ...surroundings(),
      clientObject({}, { client: { clientName: 'Storefront', tokenEndpointAuthMethod: method } }, {}),
    ],
    outcomes: [answer({ client_name: 'Storefront', ...answers })],
    server: { connection: { ...connection, offered } },
  });
  const conditions = () =>
    (
      operator.cluster.find('OAuthClient', 'shop/storefront')?.status as {
        conditions?: readonly { type: string; status: string; message: string }[];
      }
    )?.conditions ?? [];
  return { ...operator, condition: (type: string) => conditions().find((one) => one.type === type) };
}

test('A method that the discovery document excludes is a warning before the registration, which goes on', async () => {
  const { context, events, http, writes, condition } = scene('client_secret_basic', {
    token_endpoint_auth_method: 'client_secret_basic',
  });
  const toldAtSend: number[] = [];
  const send = http.send.bind(http);
  Object.assign(http, {
    send: (...given: Parameters<typeof send>) => {
      toldAtSend.push(events.length);
      return send(...given);
    },
  });
  await reconcileClient(KEY, context);
  expect([http.sent.length, toldAtSend]).toEqual([1, [1]]);
  expect(condition('Ready')).toMatchObject({ status: 'True', reason: 'Registered' });
  expect(condition('MetadataNotOffered')).toMatchObject({ status: 'True', message: ASKED });
  const count = writes.length;
  await reconcileClient(KEY, context);
  expect(writes.length).toBe(count);
  expect(events).toMatchObject([
    { reason: 'MetadataNotOffered', action: 'Compare', message: expect.stringContaining(ASKED) },
  ]);
});

test('A method that the server registered though its document excludes it is a warning', async () => {
  const { context, events, condition } = scene('client_secret_post', {
    token_endpoint_auth_method: 'client_secret_jwt',
  });
  await reconcileClient(KEY, context);
  const said =
    'The server registered token_endpoint_auth_method client_secret_jwt instead of client_secret_post, and token_endpoint_auth_methods_supported';
  expect(condition('MetadataNotOffered')?.message).toContain(said);
  expect(events).toMatchObject([{ reason: 'MetadataNotOffered', message: expect.stringContaining(said) }]);
});

test.each([
  ['offers the method', { token_endpoint_auth_method: ['client_secret_basic'] }],
  ['says nothing of methods', {}],
  ['is not known', undefined],
])('There is no warning where the discovery document %s', async (_, offered) => {
  const { context, events, condition } = scene(
    'client_secret_basic',
    { token_endpoint_auth_method: 'client_secret_basic' },
    { offered },
  );
  await reconcileClient(KEY, context);
  expect([events, condition('MetadataNotOffered')]).toEqual([[], undefined]);
});

test('After a restart the condition stays until the lists are known again, and the Event is not repeated', async () => {
  const first = scene('client_secret_basic', { token_endpoint_auth_method: 'client_secret_basic' });
  await reconcileClient(KEY, first.context);
  const objects = ['Namespace', 'ClusterAuthorizationServer', 'OAuthClient', 'Secret'].flatMap((kind) =>
    first.cluster.all(kind).map((object) => ({ ...object, kind })),
  );
  const again = (offered: typeof connection.offered) =>
    operatorInMemory({ objects, server: { connection: { ...connection, offered } } });
  for (const [offered, isWritten] of [
    [undefined, false],
    [OFFERED, false],
    [{}, true],
  ] as const) {
    const { context, events, writes } = again(offered);
    await reconcileClient(KEY, context);
    expect(events).toEqual([]);
    expect(writes.map(({ what }) => what)).toEqual(isWritten ? ['status OAuthClient shop/storefront'] : []);
  }
});

test('A method of an edit that the discovery document excludes is a warning before the update', async () => {
  const edited = { client: { clientName: 'Storefront', tokenEndpointAuthMethod: 'client_secret_basic' } };
  const { told, http } = await take('Update', {
    objects: [...surroundings(), clientObject({}, edited), registrationSecret(), workloadSecret()],
    outcomes: [answered(400, { error: 'invalid_client_metadata' })],
    server: { connection: { ...connection, offered: OFFERED } },
  });
  expect(http.sent.map(({ method }) => method)).toEqual(['PUT']);
  expect(told).toEqual(['Warning MetadataNotOffered Compare', 'Warning InvalidClientMetadata Update']);
});
