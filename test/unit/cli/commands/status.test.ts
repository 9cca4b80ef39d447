import { describe, expect, test } from 'vitest';
import { EXITS } from '../../../../src/cli/failure.ts';
import type { Stored } from '../../../kit/fakes/cluster.ts';
import { runPlugin, startPluginCluster } from '../../../kit/fakes/plugin.ts';
import { clientObject } from '../../../kit/fixtures/objects.ts';

const ready = (status: 'True' | 'False', reason: string, message: string) => ({
  conditions: [{ type: 'Ready', status, reason, message, lastTransitionTime: '2026-05-01T11:00:00Z' }],
});
const client = (status: object): Stored => clientObject({}, {}, status);

async function statusOf(objects: readonly Stored[], args: readonly string[] = [], options: object = {}) {
  const server = await startPluginCluster({ objects, ...options });
  return { ...(await runPlugin(['status', 'storefront', '-n', 'shop', ...args], server)), ...server };
}

describe('a client', () => {
  test('that is ready', async () => {
    const objects = [client(ready('True', 'Registered', 'Client c1 is registered.'))];
    expect(await statusOf(objects)).toMatchObject({
      code: EXITS.done.code,
      stdout: 'OAuthClient shop/storefront: Ready. Client c1 is registered.\n',
      stderr: '',
    });
  });

  test('that is not', async () => {
    const objects = [client(ready('False', 'PolicyViolation', 'The policy forbids it.'))];
    expect(await statusOf(objects)).toMatchObject({
      code: EXITS.found.code,
      stdout: 'OAuthClient shop/storefront: PolicyViolation. The policy forbids it.\n',
    });
  });

  test('as JSON, as YAML and by name', async () => {
    const object = client(ready('True', 'Registered', 'Good.'));
    const { stdout } = await statusOf([object], ['-o', 'json']);
    expect(JSON.parse(stdout)).toEqual(object);
    expect((await statusOf([object], ['-o', 'yaml'])).stdout).toContain('kind: OAuthClient\nmetadata:\n');
    expect((await statusOf([object], ['-o', 'name'])).stdout).toBe(
      'oauthclient.oauth-registrar.dev/storefront\n',
    );
  });

  test('that does not exist', async () => {
    expect(await statusOf([])).toMatchObject({
      code: EXITS.found.code,
      stdout: '',
      stderr: 'There is no OAuthClient "storefront" in namespace shop.\n',
    });
  });

  test('that the caller may not read', async () => {
    expect(await statusOf([], [], { forbids: ['get oauthclients'] })).toMatchObject({
      code: EXITS.forbidden.code,
      stderr: 'Your account may not get oauthclients.oauth-registrar.dev in namespace shop.\n',
    });
  });

  test('in a cluster without the CRDs', async () => {
    expect(await statusOf([], [], { lacks: ['oauthclients'] })).toMatchObject({
      code: EXITS.unreachable.code,
      stderr:
        'This cluster does not have oauthclients.oauth-registrar.dev: install oauth-registrar, or choose another --context.\n',
    });
  });
});
