import { describe, expect, test } from 'vitest';
import { admission, management } from '../../../src/api/admission-schema.ts';
import {
  authorizationServerSpec,
  clusterAuthorizationServerSpec,
} from '../../../src/api/authorization-server.ts';
import { clientSchema, defaultsSchema } from '../../../src/api/client-schema.ts';
import { dialect, dialectOverrides } from '../../../src/api/dialect-schema.ts';
import { ANNOTATIONS, LABELS } from '../../../src/api/names.ts';
import { policy } from '../../../src/api/policy-schema.ts';
import { signedRequest, softwareStatement } from '../../../src/api/statement-schema.ts';
import { admits } from '../../../src/core/server-access.ts';
import { DIALECT_NAMES, effectiveDialect, PRESETS } from '../../../src/dialects/presets.ts';
import { rfc7591 } from '../../../src/dialects/rfc7591.ts';

const accepts = (schema: { safeParse: (value: unknown) => { success: boolean } }, value: unknown) =>
  schema.safeParse(value).success;
const ref = { secretRef: { name: 's' } };

describe('admission', () => {
  test.each<readonly [string, object, object]>([
    [
      'a token',
      { initialAccessToken: ref },
      { initialAccessToken: { secretRef: { name: 's', key: 'token' }, scheme: 'Bearer' } },
    ],
    [
      'Basic',
      { basic: ref },
      { basic: { secretRef: { name: 's', usernameKey: 'username', passwordKey: 'password' } } },
    ],
    [
      'client credentials, whose token is fetched anew each time (rule 6)',
      { clientCredentials: ref },
      {
        clientCredentials: {
          secretRef: {
            name: 's',
            clientIdKey: 'client_id',
            clientSecretKey: 'client_secret',
            privateKeyKey: 'private_key',
          },
          authMethod: 'client_secret_basic',
          reuse: 'Never',
        },
      },
    ],
    [
      'assertions for the issuer',
      { clientCredentials: { ...ref, signing: {} } },
      { clientCredentials: { signing: { audience: 'Issuer' } } },
    ],
  ])('has the usual keys by default: %s', (_, given, read) => {
    expect(admission.parse(given)).toMatchObject(read);
  });

  test('adds no scope that was not asked for', () => {
    expect(admission.parse({ clientCredentials: ref }).clientCredentials).not.toHaveProperty('scopes');
  });

  test.each<readonly [string, object]>([
    ['a scheme that nobody knows', { initialAccessToken: { ...ref, scheme: 'DPoP' } }],
    ['an unsigned assertion', { clientCredentials: { ...ref, signing: { algorithm: 'none' } } }],
    ['an empty scope', { clientCredentials: { ...ref, scopes: [''] } }],
    ['a method that no registry has', { clientCredentials: { ...ref, authMethod: 'PrivateKeyJwt' } }],
    ['a Secret of another namespace', { initialAccessToken: { secretRef: { name: 'other/s' } } }],
    ['a key with a slash', { initialAccessToken: { secretRef: { name: 's', key: 'a/b' } } }],
  ])('does not take %s', (_, given) => {
    expect(accepts(admission, given)).toBe(false);
  });
});

describe('clusterAuthorizationServerSpec', () => {
  const smallest = { issuer: 'https://sso.example.com', registration: { admission: { open: {} } } };
  const ofBoth = {
    ...smallest,
    discovery: { mode: 'Auto', prefer: 'OAuth' },
    dialect: 'rfc7591',
    identification: { mode: 'Registration' },
    registration: { ...smallest.registration, softwareStatement: { fromClient: 'Deny' } },
    management: { mode: 'Auto', configurationUrl: 'AsReturned' },
    workloadIdentity: { mode: 'Off' },
    connection: { timeout: '30s', maxInFlight: 16 },
    recovery: {
      interrupted: 'Reregister',
      tokenLost: 'Hold',
      clientGone: 'Hold',
      cooldown: '1m',
      maxAttempts: 3,
      maxRegistrationsPerHour: 10,
    },
    deletion: { unconfirmed: 'Release', retryFor: '1h' },
    drift: { mode: 'Off', interval: '1h', rotatingReads: 'Refuse' },
    verification: { mode: 'Off' },
    suspend: false,
  };

  test('stores every default, so that a later release changes no object', () => {
    expect(authorizationServerSpec.parse(smallest)).toEqual(ofBoth);
    expect(clusterAuthorizationServerSpec.parse(smallest)).toEqual({
      ...ofBoth,
      allowedNamespaces: { disclose: 'Nothing' },
      policy: {
        clientIdentifier: 'Deny',
        adoption: 'Deny',
        schemes: 'Any',
        retain: 'Allow',
        workloadIdentity: 'Deny',
        enforce: 'New',
      },
    });
  });

  test('admits nobody by default: there is no default selector, since an empty one admits all', () => {
    const { allowedNamespaces } = clusterAuthorizationServerSpec.parse(smallest);
    expect(allowedNamespaces).not.toHaveProperty('selector');
    expect(admits(allowedNamespaces, 'shop', { sso: 'true' })).toBe(false);
  });
});

describe('management', () => {
  test('is by the registration access token, else by what is given here', () => {
    expect(management.parse({})).toEqual({ mode: 'Auto', configurationUrl: 'AsReturned' });
  });

  test('refuses an unknown mode', () => {
    expect(accepts(management, { mode: 'Basic' })).toBe(false);
  });
});

describe('a software statement', () => {
  const sign = { ...ref, algorithm: 'ES256', issuer: 'https://publisher.example.com' };

  test('belongs only to the server object by default', () => {
    expect(softwareStatement.parse({})).toEqual({ fromClient: 'Deny' });
  });

  test('is signed for five minutes with a PEM key by default', () => {
    expect(softwareStatement.parse({ sign }).sign).toMatchObject({
      secretRef: { name: 's', key: 'key' },
      keyFormat: 'Pem',
      lifetime: '5m',
    });
  });

  test.each<readonly [string, object]>([
    ['no signature', { sign: { ...sign, algorithm: 'none' } }],
    ['no issuer', { sign: { ...ref, algorithm: 'ES256' } }],
    [
      'key encryption that leaks',
      { sign: { ...sign, encryption: { ...ref, algorithm: 'RSA1_5', encoding: 'A256GCM' } } },
    ],
  ])('does not take %s', (_, given) => {
    expect(accepts(softwareStatement, given)).toBe(false);
  });
});

describe('a signed request', () => {
  test('is a JWT for five minutes by default', () => {
    expect(signedRequest.parse({ ...ref, algorithm: 'PS256' })).toMatchObject({
      keyFormat: 'Pem',
      lifetime: '5m',
      contentType: 'application/jwt',
    });
  });

  test.each(['application/jwt; charset=utf-8', 'application/jwt\r\nx: y', 'jwt'])(
    'is not sent as %j',
    (contentType) => {
      expect(accepts(signedRequest, { ...ref, algorithm: 'PS256', contentType })).toBe(false);
    },
  );
});

describe('a policy', () => {
  test("denies what lets clients take over others', unless it says so", () => {
    expect(policy.parse({})).toEqual({
      clientIdentifier: 'Deny',
      adoption: 'Deny',
      schemes: 'Any',
      retain: 'Allow',
      workloadIdentity: 'Deny',
      enforce: 'New',
    });
  });
});

describe('dialect', () => {
  test.each(DIALECT_NAMES)('%s is a preset that people can name', (name) => {
    expect(accepts(dialect, name)).toBe(true);
  });

  /** Given in `spec.management`, where people look for it. */
  const elsewhere = ['configurationUrl'];
  const switches = Object.keys(rfc7591).filter((name) => !elsewhere.includes(name));

  test('lets every switch be set by itself, and nothing else', () => {
    expect(Object.keys(dialectOverrides.shape).toSorted()).toEqual(switches.toSorted());
  });

  test.each(DIALECT_NAMES)('takes every value that %s has', (name) => {
    const { configurationUrl: _, ...departures } = PRESETS[name].departures;
    expect(dialectOverrides.parse(departures)).toEqual(departures);
    const { configurationUrl: __, ...whole } = effectiveDialect(name);
    expect(dialectOverrides.parse(whole)).toEqual(whole);
  });
});

describe('defaults', () => {
  test('have every field that a client has', () => {
    expect(Object.keys(defaultsSchema.shape)).toEqual(Object.keys(clientSchema.shape));
  });
});

describe('labels and annotations', () => {
  test.each(Object.entries({ ...LABELS, ...ANNOTATIONS }))('%s is one that Kubernetes takes', (_, name) => {
    expect(name).toMatch(/^oauth-registrar\.dev\/[a-z][a-z-]{0,62}$/);
  });

  test.each([
    ['labels', LABELS],
    ['annotations', ANNOTATIONS],
  ])('%s have names of their own', (_, names) => {
    expect(new Set(Object.values(names)).size).toBe(Object.keys(names).length);
  });
});
