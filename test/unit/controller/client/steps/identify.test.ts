import { expect, test } from 'vitest';
import { identify } from '../../../../../src/controller/client/steps/identify.ts';
import type { KubernetesApi } from '../../../../../src/controller/ports.ts';
import { Memory } from '../../../../../src/controller/state/client-memory.ts';
import { storedClientKey } from '../../../../../src/core/client-key.ts';
import type { RegistrationContent } from '../../../../../src/core/content.ts';
import { contextOf } from '../../../../kit/fakes/fake-ports.ts';
import { bare } from '../../../../kit/fixtures/contents.ts';
import { factsOf, INSTALLATION, NOW, observation, record } from '../../../../kit/fixtures/observations.ts';

const { serverUid: _, registrationOrigin: __, ...old } = record();

/** What is written for a record of an earlier version whose client was registered at this endpoint. */
async function identified(registrationEndpoint: string) {
  const patches: object[] = [];
  const api = {
    patch: async (_resource: unknown, _key: unknown, patch: object) => {
      patches.push(patch);
      return { ok: true, object: { metadata: { name: old.registrationSecret } } };
    },
  } as unknown as KubernetesApi;
  const content: RegistrationContent = { ...bare, registrationEndpoint };
  const round = {
    key: storedClientKey('shop/storefront'),
    contents: new Map([[old.registrationSecret, content]]),
    learned: undefined,
  };
  const memory = new Memory();
  const context = contextOf({
    api,
    memory,
    clock: { now: () => NOW } as never,
    random: () => 0.5,
    caches: { registrations: { learn: () => undefined } } as never,
    settings: { operatorNamespace: 'op', installation: INSTALLATION } as never,
  });
  const result = await identify(old, factsOf(old.server), { o: observation(), round, context });
  return { result, patches, setbacks: memory.setbacks(round.key) };
}

test('a record of an earlier version learns its server object, origin and installation by one write', async () => {
  const { result, patches, setbacks } = await identified('https://sso.example.com/register');
  expect(result).toEqual({ kind: 'done' });
  expect(setbacks).toEqual([]);
  expect(patches).toMatchObject([
    {
      metadata: {
        resourceVersion: old.resourceVersion,
        annotations: {
          'oauth-registrar.dev/server-uid': 'server-1',
          'oauth-registrar.dev/registration-origin': 'https://sso.example.com',
          'oauth-registrar.dev/installation': INSTALLATION.id,
        },
      },
    },
  ]);
});

test('a record whose client was registered at another origin is not changed, and not checked again', async () => {
  const { patches, setbacks } = await identified('https://elsewhere.example.com/register');
  expect(patches).toEqual([]);
  expect(setbacks).toMatchObject([{ action: 'Identify', kind: 'Terminal', basis: old.registrationSecret }]);
});
