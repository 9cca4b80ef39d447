import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import type { OAuthClientSpec } from '../../../src/api/oauth-client.ts';
import { inputsHash, toWorkloadSecret, wantedSecret } from '../../../src/core/workload-secret.ts';
import type { SecretFormat } from '../../../src/formats/format.ts';
import { FORMATS, formatNamed, namesOfFormats } from '../../../src/formats/formats.ts';
import { publishedValues } from '../../../src/formats/published-client.ts';
import { record } from '../../kit/fixtures/observations.ts';

/** All values in one key: what a format of its own file may look like. */
const oneFile: SecretFormat = {
  name: 'OneFile',
  secretType: 'example.com/one-file',
  render: (client, keys) => ({ [keys['file'] ?? 'client.json']: JSON.stringify(publishedValues(client)) }),
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
  const values = wanted.format.render(published, {});
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

  test('makes the Secret written again where the format was another one', () => {
    const inputs = { record: record(), keys: {}, include: [], endpoints: {} };
    expect(inputsHash({ ...inputs, format: 'OneFile' })).not.toBe(inputsHash({ ...inputs, format: 'Keys' }));
  });
});

describe('the format', () => {
  test.each([[undefined], ['Keys'], ['unheard of']])('named %s is Keys', (name) => {
    expect(formatNamed(name, FORMATS).name).toBe('Keys');
  });
});
