import { describe, expect, test } from 'vitest';
import { reply } from '../../kit/stub-server.ts';
import { OPERATOR_USER } from '../../kit/testbed/testbed.ts';
import { when } from './kit/answers.ts';
import { startBystander } from './kit/bystander.ts';
import { isReady, machineClient, pathOf } from './kit/objects.ts';
import { useTarget } from './kit/target.ts';

const target = useTarget();

const numbers = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => index);

describe('a tenant with the role edit does not disturb others', () => {
  test("by a thousand OAuthClients that can't be registered", async () => {
    const bystander = await startBystander(target);
    const attacker = await target.tenant('edit');
    const lines = target.pod.lines().length;
    await bystander.during(async () => {
      const invalid = { redirectUris: ['https://shop.example.com/#fragment'] };
      await attacker.createAll(
        numbers(1_000).map((at) => machineClient(`invalid-${at}`, { client: invalid })),
        8,
      );
      await attacker.request('DELETE', pathOf('OAuthClient', attacker.namespace));
    });
    await bystander.judge();
    expect(target.pod.lines().length - lines, 'lines of the log').toBeLessThan(50);
  });

  test('L1: by a Secret that exceeds the limit of a watch line', async () => {
    const bystander = await startBystander(target);
    const attacker = await target.tenant('edit');
    const from = await target.controlPlane.auditPosition();
    const owner = { apiVersion: 'v1', kind: 'Pod', name: '<'.repeat(700_000), uid: 'none' };
    await bystander.during(async () => {
      await attacker.createOrFail({
        kind: 'Secret',
        metadata: {
          name: 'long',
          labels: { 'oauth-registrar.dev/workload': 'true', 'oauth-registrar.dev/credential': 'true' },
          ownerReferences: [owner],
        },
      });
      for (const at of numbers(10)) {
        await attacker.patchOrFail('Secret', 'long', { metadata: { annotations: { changed: `${at}` } } });
        await new Promise((resolve) => setTimeout(resolve, 300));
      }
    });
    await bystander.judge();
    const lists = (await target.controlPlane.audit(from)).filter(
      ({ user, verb, resource }) => user === OPERATOR_USER && verb === 'list' && resource === 'secrets',
    );
    expect(lists.length, 'new lists of all Secrets').toBe(0);
  });

  test('L2: by answers that are slow to parse', async () => {
    const bystander = await startBystander(target);
    const attacker = await target.tenant('edit');
    const headers = { 'www-authenticate': 'a'.repeat(8_000) };
    const isTheirs = ({ body }: { readonly body: object }) => JSON.stringify(body).includes('slow-');
    target.corporate.behave.register = when(
      isTheirs,
      reply(400, { error: 'invalid_client_metadata' }, headers),
    );
    // Nearly as long as an answer may be.
    const many = Object.fromEntries(numbers(18_000).map((at) => [`m${at}`, at]));
    target.corporate.present = (information) =>
      String(information['client_name']).startsWith('many-') ? { ...many, ...information } : information;
    await bystander.during(async () => {
      await attacker.createAll(
        numbers(100).flatMap((at) => [machineClient(`slow-${at}`), machineClient(`many-${at}`)]),
        8,
      );
      await attacker.until('OAuthClient', 'many-99', isReady, 60_000);
      await new Promise((resolve) => setTimeout(resolve, 5_000));
    });
    delete target.corporate.behave.register;
    target.corporate.present = (information) => information;
    await bystander.judge();
  });

  test('L11: by a hundred clients with generated keys', async () => {
    const bystander = await startBystander(target);
    const attacker = await target.tenant('edit');
    await bystander.during(async () => {
      const client = { tokenEndpointAuthMethod: 'private_key_jwt' };
      const credential = { generatedKey: { algorithm: 'RS256' } };
      const made = await attacker.createAll(
        numbers(100).map((at) => machineClient(`key-${at}`, { client, credential })),
        8,
      );
      expect(made.every(({ status }) => status === 201)).toBe(true);
      await attacker.until('OAuthClient', 'key-99', isReady, 60_000);
    });
    await bystander.judge();
  });
});
