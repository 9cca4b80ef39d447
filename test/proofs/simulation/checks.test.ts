import { expect, test } from 'vitest';
import { RESOURCES, type Resource } from '../../../src/api/kubernetes.ts';
import { LABELS } from '../../../src/api/names.ts';
import type { HttpOutcome, HttpRequest } from '../../../src/oauth/http-message.ts';
import { parseJsonObject } from '../../../src/oauth/json.ts';
import { jsonBody, registerRequest } from '../../../src/oauth/registration.ts';
import { Sensitive } from '../../../src/oauth/sensitive.ts';
import type { Stored } from '../../kit/fakes/cluster.ts';
import { ISSUER, MARKER } from './authorization-server.ts';
import { watchOver } from './checks.ts';
import { checkEnd } from './ending.ts';
import { planNamed } from './lives.ts';
import { OTHER_ISSUER } from './other-server.ts';
import { OPERATOR_NAMESPACE } from './process.ts';
import { deeds } from './users.ts';
import { World } from './world.ts';

/** The checks of a simulated life notice a violation. `-- --mutations` tries complete operators. */

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const namespace = OPERATOR_NAMESPACE;

const write = (world: World, resource: Resource, object: object) =>
  world.cluster.create(resource, { kind: resource.kind, ...object } as Stored, 'pod-1_1');

const post = (world: World, attempt: string) =>
  world.server.handle(registerRequest(`${ISSUER}/register`, jsonBody({ [MARKER]: attempt }), undefined));

const register = (issuer: string): HttpRequest =>
  registerRequest(`${issuer}/register`, jsonBody({ [MARKER]: 'one' }), undefined);
const read = (url: string, token: string): HttpRequest => ({
  method: 'GET',
  url,
  headers: { authorization: new Sensitive(`Bearer ${token}`) },
});
const tokenIn = (answer: HttpOutcome): string =>
  String(
    parseJsonObject(answer.kind === 'answered' ? answer.body.reveal() : '')?.['registration_access_token'],
  );

const shown = (data: object) => ({
  metadata: { namespace: 'shop', name: 'a', labels: { [LABELS.workload]: 'true' } },
  data,
});

test.each<readonly [string, (world: World) => void, RegExp]>([
  [
    'a secret in a ConfigMap',
    (world) =>
      write(world, RESOURCES.configMap, { metadata: { namespace, name: 'a' }, data: { a: 'canary-token' } }),
    /^a secret is shown in ConfigMap a$/,
  ],
  [
    'a secret in an annotation, in base64',
    (world) =>
      write(world, RESOURCES.secret, {
        metadata: { namespace, name: 'a', annotations: { a: base64('x canary-token') } },
      }),
    /^a secret is shown in Secret a$/,
  ],
  [
    'an id with the secret of another client',
    (world) => {
      post(world, 'one');
      post(world, 'two');
      const [one, two] = [...world.server.clients.values()];
      const data = { client_id: base64(one?.id ?? ''), client_secret: base64(two?.secret ?? '') };
      write(world, RESOURCES.secret, shown(data));
    },
    /^Secret a mixes two generations$/,
  ],
  [
    'a client that nobody knows',
    (world) => {
      post(world, 'one');
      checkEnd(world);
    },
    /^client c1 \(attempt one\) is neither recorded nor reported$/,
  ],
  [
    'a registration that is sent again',
    (world) => {
      post(world, 'one');
      post(world, 'one');
      checkEnd(world);
    },
    /^attempt one was sent 2 times$/,
  ],
  [
    'the token of another server, in a header',
    (world) => {
      const token = tokenIn(world.calls.handled(register(OTHER_ISSUER)));
      world.calls.handled(read(`${ISSUER}/register/c1`, token));
    },
    /^GET \S+ brought a credential that another server gave$/,
  ],
  [
    'the token of this server, at another one',
    (world) => {
      const token = tokenIn(world.calls.handled(register(ISSUER)));
      world.calls.handled(read(`${OTHER_ISSUER}/register/other-1`, token));
    },
    /^GET \S+ brought a credential that another server gave$/,
  ],
  [
    'an object that nobody cares for',
    (world) => {
      deeds.create('storefront', 'One')(world);
      checkEnd(world);
    },
    /^storefront doesn't come to rest: Queued: $/,
  ],
])('%s is noticed', (_, act, expected) => {
  const world = new World(planNamed('steady').conditions);
  watchOver(world);
  act(world);
  expect([...world.violations]).toContainEqual(expect.stringMatching(expected));
});
