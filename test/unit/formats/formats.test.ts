import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import type { OAuthClientSpec } from '../../../src/api/oauth-client.ts';
import { inputsHash, toWorkloadSecret, wantedSecret } from '../../../src/core/workload-secret.ts';
import type { SecretFormat } from '../../../src/formats/format.ts';
import { FORMATS, formatNamed, namesOfFormats, secretTypesOf } from '../../../src/formats/formats.ts';
import { type PublishedClient, publishedValues } from '../../../src/formats/published-client.ts';
import { Sensitive } from '../../../src/oauth/sensitive.ts';
import { record } from '../../kit/fixtures/observations.ts';
import { rendered } from '../../kit/fixtures/rendered.ts';

/** All values in one key: what a format of its own file may look like. */
const oneFile: SecretFormat = {
  name: 'OneFile',
  secretType: 'example.com/one-file',
  about: 'one file',
  nameOf: (wireName) => wireName,
  render: (client, keys) => ({
    ok: true,
    data: { [keys['file'] ?? 'client.json']: JSON.stringify(publishedValues(client)) },
  }),
  clientIdIn: (data, keys) => JSON.parse(data[keys['file'] ?? 'client.json'] ?? '{}').client_id,
};

const spec = { client: {}, secret: { format: 'OneFile' } } as unknown as OAuthClientSpec;
const client = { namespace: 'shop', name: 'storefront', uid: 'uid-1' };
const published = {
  information: { clientId: 'c1', metadata: {} },
  sent: {},
  issuer: 'https://sso.example.com',
  endpoints: {},
};

describe('a format that is one row more in the table', () => {
  const formats = [...FORMATS, oneFile];
  const wanted = wantedSecret(client, spec, formats);
  const values = rendered(wanted.format.render(published, {}));
  const secret = toWorkloadSecret(client, wanted, { shows: 'oac-uid-1-a1', inputs: 'inputs', values });

  test('is one that the schema accepts', () => {
    const schema = z.enum(namesOfFormats(formats));
    expect(['Keys', 'OneFile', 'Yaml'].filter((name) => schema.safeParse(name).success)).toEqual([
      'Keys',
      'OneFile',
    ]);
  });

  test('gives the Secret its type and its data', () => {
    expect(secret.type).toBe('example.com/one-file');
    expect(Object.keys(secret.data ?? {})).toEqual(['client.json']);
  });

  test('finds in the data the client that it shows', () => {
    expect(wanted.format.clientIdIn(values, {})).toBe('c1');
  });

  test('makes the Secret written again where the format or the template was another one', () => {
    const inputs = { record: record(), keys: {}, include: [], endpoints: {} };
    const hashes = [
      {},
      { format: 'OneFile' },
      { template: { data: { a: 'x' } } },
      { template: { data: { a: 'y' } } },
    ].map((more) => inputsHash({ ...inputs, format: 'Keys', ...more }));
    expect(new Set(hashes).size).toBe(4);
  });
});

describe('the format', () => {
  test.each([[undefined], ['Keys'], ['unheard of']])('named %s is Keys', (name) => {
    expect(formatNamed(name, FORMATS).name).toBe('Keys');
  });
});

describe('Every format', () => {
  const client: PublishedClient = {
    information: { clientId: 'c1', clientSecret: new Sensitive('s1'), metadata: {} },
    sent: {},
    issuer: 'https://sso.example.com',
    endpoints: { token: 'https://sso.example.com/token' },
    name: 'shop.front',
    provider: 'corporate',
  };

  const withValues = FORMATS.filter(({ name }) => name !== 'Template');

  test.each(withValues.map((format) => [format.name, format] as const))(
    '%s finds the client in what it renders, also under another name',
    (_, format: SecretFormat) => {
      for (const keys of [{}, { client_id: 'CLIENT' }]) {
        expect(format.clientIdIn(rendered(format.render(client, keys)), keys)).toBe('c1');
        expect(format.clientIdIn({}, keys)).toBeUndefined();
      }
    },
  );

  test.each(FORMATS.map((format) => [format.name, format] as const))(
    '%s never has the means to manage the client',
    (_, format: SecretFormat) => {
      const information = {
        ...client.information,
        registrationAccessToken: new Sensitive('canary-token'),
        registrationClientUri: 'https://sso.example.com/canary',
      };
      expect(JSON.stringify(format.render({ ...client, information }, {}))).not.toContain('canary');
    },
  );

  test('has a type of Secret that means nothing to Kubernetes', () => {
    expect(secretTypesOf(FORMATS)).toEqual(['Opaque', 'servicebinding.io/oauth2']);
  });
});
