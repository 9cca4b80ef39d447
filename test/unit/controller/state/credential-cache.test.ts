import { describe, expect, test } from 'vitest';
import type { KubernetesObject, Secret } from '../../../../src/api/kubernetes.ts';
import type { ApiResult, KubernetesApi } from '../../../../src/controller/ports.ts';
import { CredentialCache } from '../../../../src/controller/state/credential-cache.ts';
import { NamespaceMemory } from '../../../../src/controller/state/namespace-memory.ts';
import { storedClientKey } from '../../../../src/core/client-key.ts';
import { secretValue } from '../../../../src/core/credential.ts';
import { storedServerKey } from '../../../../src/core/server-key.ts';
import { sha256 } from '../../../../src/oauth/sha256.ts';
import { createReadOnlyApi, unbounded } from '../../../kit/fakes/fake-ports.ts';
import { plain } from '../../../kit/fixtures/credentials.ts';

const CREDENTIAL = { 'oauth-registrar.dev/credential': 'true' };
const REGISTRATION = { 'oauth-registrar.dev/registration': 'true' };

const client = (key: string) => ({ kind: 'Client', key: storedClientKey(key) }) as const;
const server = (key: string) => ({ kind: 'Server', key: storedServerKey(key) }) as const;

interface Given {
  readonly values?: Readonly<Record<string, string>>;
  readonly version?: string;
  readonly labels?: Readonly<Record<string, string>>;
}

const secret = (
  name: string,
  { values = { token: 't' }, version = '1', labels = CREDENTIAL }: Given = {},
): Secret => ({
  metadata: { namespace: 'shop', name, uid: `uid-${name}`, resourceVersion: version, labels },
  data: Object.fromEntries(
    Object.entries(values).map(([key, value]) => [key, Buffer.from(value).toString('base64')]),
  ),
});

/** Secrets at the API server, and those that the watch has delivered: by default the same. */
function world(...secrets: readonly Secret[]) {
  return worldOf(unbounded(), ...secrets);
}

function worldOf(memory: NamespaceMemory, ...secrets: readonly Secret[]) {
  const there: Record<string, Secret> = {};
  const watched = new Map<string, KubernetesObject>();
  const put = (given: Secret, isWatched = given.metadata.labels === CREDENTIAL) => {
    const { namespace, name } = given.metadata;
    there[`Secret ${namespace}/${name}`] = given;
    if (isWatched) {
      watched.set(`${namespace}/${name}`, given);
    }
  };
  for (const given of secrets) {
    put(given);
  }
  let failure: ApiResult<never> | undefined;
  const readOnly = createReadOnlyApi(there);
  const get: KubernetesApi['get'] = async (resource, key) => {
    const answer = await readOnly.get(resource, key);
    return (failure ?? answer) as Awaited<ReturnType<typeof get>> as never;
  };
  const found = (key: string) => {
    const { metadata } = watched.get(key) ?? {};
    return (
      metadata && {
        metadata,
        isRegistration: metadata.labels?.['oauth-registrar.dev/registration'] === 'true',
      }
    );
  };
  const credentials = new CredentialCache({ ...readOnly, get }, memory, found, sha256);
  return {
    credentials,
    put,
    reads: readOnly.reads,
    tokenOf: (name: string) =>
      plain(
        secretValue({ namespace: 'shop', get: (of) => credentials.get('shop', of) }, { name, key: 'token' }),
      ),
    fail: (given: ApiResult<never> | undefined) => {
      failure = given;
    },
  };
}

const refused: ApiResult<never> = { ok: false, status: 403, reason: 'Forbidden', message: 'no right to' };

describe('a credential Secret', () => {
  test('is read once in each version, however often and by how many it is looked at', async () => {
    const { credentials, put, reads, tokenOf } = world(secret('iat'));
    for (const who of [
      client('shop/a'),
      client('shop/b'),
      client('shop/a'),
      server('AuthorizationServer/shop/s'),
    ] as const) {
      await credentials.refer(who, 'shop', ['iat']);
    }
    expect({ reads, value: tokenOf('iat') }).toEqual({ reads: ['Secret shop/iat'], value: 't' });
    put(secret('iat', { version: '2', values: { token: 'u' } }));
    expect(tokenOf('iat')).toBe('t');
    await credentials.refer(client('shop/a'), 'shop', ['iat']);
    expect({ reads: reads.length, value: tokenOf('iat') }).toEqual({ reads: 2, value: 'u' });
  });

  test('is read by one call for all who come at the same time', async () => {
    const { credentials, reads } = world(secret('iat'));
    await Promise.all(
      Array.from({ length: 50 }, (_, at) => credentials.refer(client(`shop/c${at}`), 'shop', ['iat'])),
    );
    expect(reads).toEqual(['Secret shop/iat']);
  });

  test('is read only for those who refer to it, and costs a client without references no call', async () => {
    const { credentials, reads } = world(secret('iat'));
    await credentials.refer(client('shop/a'), 'shop', []);
    expect(reads).toEqual([]);
    expect(credentials.get('shop', 'iat')).toEqual({ kind: 'NotFound' });
  });

  test('is kept as long as somebody refers to it', async () => {
    const { credentials, tokenOf } = world(secret('iat'), secret('other', { values: { token: 'o' } }));
    await credentials.refer(client('shop/a'), 'shop', ['iat']);
    await credentials.refer(client('shop/b'), 'shop', ['iat', 'other']);
    await credentials.refer(client('shop/a'), 'shop', ['other']);
    expect([tokenOf('iat'), tokenOf('other')]).toEqual(['t', 'o']);
    credentials.forget(client('shop/b'));
    expect(credentials.get('shop', 'iat')).toEqual({ kind: 'NotFound' });
    expect(tokenOf('other')).toBe('o');
    credentials.forget(client('shop/a'));
    expect(credentials.get('shop', 'other')).toEqual({ kind: 'NotFound' });
    expect(credentials.usersOf('shop/other')).toEqual([]);
  });

  test('is not kept by a read whose reader is gone meanwhile', async () => {
    const { credentials } = world(secret('iat'));
    const reading = credentials.refer(client('shop/a'), 'shop', ['iat']);
    credentials.forget(client('shop/a'));
    await reading;
    expect(credentials.get('shop', 'iat')).toEqual({ kind: 'NotFound' });
  });

  test('knows who waits for it, whether or not it exists', async () => {
    const { credentials } = world();
    await credentials.refer(client('shop/a'), 'shop', ['later']);
    await credentials.refer(server('ClusterAuthorizationServer/s'), 'shop', ['later']);
    expect(credentials.usersOf('shop/later')).toEqual([
      client('shop/a'),
      server('ClusterAuthorizationServer/s'),
    ]);
  });

  test('of more than 64 KiB is not kept, and that is said (H1)', async () => {
    const { credentials, put, reads, tokenOf } = world(
      secret('iat', { values: { token: 'a', blob: 'b'.repeat(65_535) } }),
    );
    await credentials.refer(client('shop/a'), 'shop', ['iat']);
    expect(tokenOf('iat')).toBe('a');
    put(secret('iat', { version: '2', values: { token: 'a', blob: 'b'.repeat(1_000_000) } }));
    await credentials.refer(client('shop/a'), 'shop', ['iat']);
    await credentials.refer(client('shop/a'), 'shop', ['iat']);
    expect({ reads: reads.length, value: tokenOf('iat') }).toEqual({
      reads: 2,
      value: {
        reason: 'CredentialTooLarge',
        message:
          'Secret shop/iat has 1000001 bytes of data, and a credential may have 65536. Put "token" into a Secret of its own, and name that in the reference.',
      },
    });
    expect(JSON.stringify(credentials.get('shop', 'iat')).length).toBeLessThan(100);
  });

  test('for which its namespace has no room is not kept, and read again only when it has (H1)', async () => {
    const memory = new NamespaceMemory({ most: 100, exempt: 'operators', onRoom: () => undefined });
    const large = { values: { token: 't'.repeat(60) } };
    const { credentials, reads, tokenOf } = worldOf(memory, secret('a', large), secret('b', large));
    await credentials.refer(client('shop/a'), 'shop', ['a']);
    await credentials.refer(client('shop/b'), 'shop', ['b']);
    await credentials.refer(client('shop/b'), 'shop', ['b']);
    expect({
      reads: reads.length,
      isIncomplete: credentials.isIncomplete(client('shop/b')),
      value: tokenOf('b'),
    }).toEqual({
      reads: 2,
      isIncomplete: true,
      value: {
        reason: 'NamespaceShareReached',
        message: expect.stringMatching(/^Secret shop\/b isn't kept: .* Delete OAuthClients/),
      },
    });
    expect(credentials.count(server('AuthorizationServer/shop/s'), 'shop', 50)).toBe(false);
    credentials.forget(client('shop/a'));
    await credentials.refer(client('shop/b'), 'shop', ['b']);
    expect({ reads: reads.length, value: tokenOf('b'), used: memory.usedBy('shop') }).toEqual({
      reads: 3,
      value: 't'.repeat(60),
      used: 60,
    });
    expect(credentials.count(server('AuthorizationServer/shop/s'), 'shop', 40)).toBe(true);
    credentials.forget(server('AuthorizationServer/shop/s'));
    credentials.forget(client('shop/b'));
    expect(memory.usedBy('shop')).toBe(0);
  });

  test('that is a registration Secret, too, is never read', async () => {
    const both = secret('iat', { labels: { ...CREDENTIAL, ...REGISTRATION } });
    const { credentials, put, reads, tokenOf } = world();
    put(both, true);
    await credentials.refer(client('shop/a'), 'shop', ['iat']);
    expect({ reads, value: tokenOf('iat') }).toMatchObject({
      reads: [],
      value: { reason: 'CredentialKeyMissing', message: expect.stringContaining('Keys present: none') },
    });
  });

  test.each([
    ['lost its label', {}, { reason: 'CredentialNotLabelled' }],
    ['became a registration Secret', { ...CREDENTIAL, ...REGISTRATION }, { reason: 'CredentialKeyMissing' }],
  ])(
    "is judged by the API server's answer if it %s before the watch delivered it",
    async (_, labels, told) => {
      const { credentials, put, tokenOf } = world(secret('iat'));
      put(secret('iat', { version: '2', labels }), false);
      await credentials.refer(client('shop/a'), 'shop', ['iat']);
      expect(tokenOf('iat')).toMatchObject(told);
    },
  );

  test("that can't be read is reported, and read again until it can be", async () => {
    const { credentials, fail, tokenOf } = world(secret('iat'));
    fail(refused);
    await credentials.refer(client('shop/a'), 'shop', ['iat']);
    expect(tokenOf('iat')).toEqual({
      reason: 'CredentialNotFound',
      message: 'Secret shop/iat could not be read: no right to. It is tried again.',
    });
    expect(credentials.isIncomplete(client('shop/a'))).toBe(true);
    fail(undefined);
    await credentials.refer(client('shop/a'), 'shop', ['iat']);
    expect([tokenOf('iat'), credentials.isIncomplete(client('shop/a'))]).toEqual(['t', false]);
  });

  test('that is written without another value has the same hashes, and others with another value', async () => {
    const { credentials, put } = world(secret('iat'));
    const hashes = async () => {
      await credentials.refer(client('shop/a'), 'shop', ['iat']);
      const found = credentials.get('shop', 'iat');
      return found.kind === 'Found' ? found.hashes : undefined;
    };
    const first = await hashes();
    expect(first).toEqual({ token: sha256('t') });
    put(secret('iat', { version: '2' }));
    expect(await hashes()).toEqual(first);
    put(secret('iat', { version: '3', values: { token: 'u', other: 'x' } }));
    expect(await hashes()).toEqual({ token: sha256('u'), other: sha256('x') });
  });

  test('that can not be read in its new version serves as it was, until it can be', async () => {
    const { credentials, put, fail, tokenOf } = world(secret('iat'));
    await credentials.refer(client('shop/a'), 'shop', ['iat']);
    put(secret('iat', { version: '2', values: { token: 'u' } }));
    fail(refused);
    await credentials.refer(client('shop/a'), 'shop', ['iat']);
    expect([tokenOf('iat'), credentials.isIncomplete(client('shop/a'))]).toEqual(['t', true]);
    fail(undefined);
    await credentials.refer(client('shop/a'), 'shop', ['iat']);
    expect([tokenOf('iat'), credentials.isIncomplete(client('shop/a'))]).toEqual(['u', false]);
  });

  test('that is gone serves no client', async () => {
    const { credentials } = world();
    await credentials.refer(client('shop/a'), 'shop', ['iat']);
    expect([credentials.get('shop', 'iat'), credentials.isIncomplete(client('shop/a'))]).toEqual([
      { kind: 'NotFound' },
      false,
    ]);
  });
});
