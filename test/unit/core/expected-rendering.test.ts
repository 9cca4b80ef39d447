import { describe, expect, test } from 'vitest';
import type { OAuthClientSpec } from '../../../src/api/oauth-client.ts';
import { SHARES } from '../../../src/api/shares.ts';
import { expectedRendering, renderingProblem } from '../../../src/core/expected-rendering.ts';
import { FORMATS } from '../../../src/formats/formats.ts';
import { MOST_SECRET_BYTES, renderSecret } from '../../../src/formats/render-secret.ts';
import type { JsonObject } from '../../../src/oauth/json.ts';
import { Sensitive } from '../../../src/oauth/sensitive.ts';
import { clientSpecOf } from '../../kit/fixtures/client-specs.ts';
import { available, connection, document } from '../../kit/fixtures/observations.ts';
import { withKey } from '../../kit/fixtures/published.ts';
import { rendered } from '../../kit/fixtures/rendered.ts';

const expected = (given: object, sent: JsonObject = document) => ({
  name: 'storefront',
  spec: clientSpecOf({ client: { clientName: 'Storefront' }, ...given }) as OAuthClientSpec,
  document: sent,
  connection,
  ref: available.ref,
});
const filled = (data: Readonly<Record<string, string>>, more: object = {}) =>
  renderingProblem(expected({ ...more, secret: { template: { data } } }));
const times = (count: number, text: string): string => text.repeat(count);

describe('Before anything is registered', () => {
  test.each(FORMATS.map(({ name }) => name).filter((name) => name !== 'Template'))(
    'a Secret of the format %s fits with the longest answer, and with every character to be escaped',
    (format) => {
      const include = Array.from({ length: 32 }, (_, index) => `m${index}`);
      const given = expected({ secret: { format, include }, credential: { generatedKey: {} } });
      expect(renderingProblem(given)).toBeUndefined();
      const escaped = '"'.repeat(SHARES.clientSecretBytes.most);
      const metadata = Object.fromEntries(include.map((member) => [member, '"'.repeat(1_000)]));
      const client = {
        ...withKey,
        information: { ...withKey.information, clientSecret: new Sensitive(escaped), metadata },
        include,
      };
      const found = FORMATS.find(({ name }) => name === format) ?? FORMATS[0];
      const data = Object.values(rendered(renderSecret(client, found, {})));
      expect(data.join('').length).toBeLessThan(MOST_SECRET_BYTES / 4);
    },
  );

  test('a template as people write it fits', () => {
    const data = {
      'app.yaml': 'id: {{ client_id }}\nsecret: {{ client_secret | json }}\nat: {{ token_endpoint }}\n',
      dsn: 'oauth://{{ client_id | uri }}:{{ client_secret | uri }}@sso.example.com',
    };
    expect(filled(data)).toBeUndefined();
  });

  test('a template that is too large with the longest secret is refused, and why is said', () => {
    expect(filled({ a: times(15, '{{ client_secret | base64 | base64 }} ') })).toBe(
      'Nothing is registered: Secret storefront could not be written if the server answered with the longest values that are kept. It would have more than 262144 bytes from spec.secret.template: make the template smaller.',
    );
  });

  test('a value that is long since it is sent so is measured as it is sent', () => {
    const long = { ...document, scope: 'y'.repeat(30_000) };
    const given = (count: number) =>
      expected({ secret: { template: { data: { a: times(count, '{{ scope }} ') } } } }, long);
    expect([renderingProblem(given(8)), renderingProblem(given(9))]).toEqual([
      undefined,
      expect.stringContaining('more than 262144 bytes'),
    ]);
  });

  test.each([
    ['audience', {}, 'this client has no value of "audience"'],
    ['private_key.jwk | json', {}, 'this client has no value of "private_key.jwk"'],
    ['userinfo_endpoint', {}, 'this client has no value of "userinfo_endpoint"'],
    [
      'private_key.pem',
      { credential: { generatedKey: {} } },
      'the value of "private_key.pem" has a character that could break the text around it',
    ],
  ])('a template with {{ %s }} that no answer can fill is refused', (placeholder, more, problem) => {
    expect(filled({ a: `it is {{ ${placeholder} }}.` }, more)).toContain(
      `Nothing is registered: Secret storefront can't have the key "a": ${problem}`,
    );
  });

  test('what only the answer decides is left to it: whether there is a secret, and its characters', () => {
    const none = { client: { clientName: 'S', tokenEndpointAuthMethod: 'none' } };
    expect(filled({ a: 'secret: {{ client_secret }}' }, none)).toBeUndefined();
  });

  test('a client without a Secret needs no template that fits', () => {
    const client = { clientName: 'S', tokenEndpointAuthMethod: 'none' };
    const secret = { mode: 'None', template: { data: { a: '{{ audience }}!' } } };
    expect(renderingProblem(expected({ client, secret }))).toBeUndefined();
  });

  test('the dry run has values of usual length for every key', () => {
    const secret = { include: ['vendor'], template: { data: { a: '{{ client_secret | json }}' } } };
    const data = rendered(expectedRendering(expected({ secret }), 'Usual'));
    expect(Object.keys(data)).toEqual(expect.arrayContaining(['client_id', 'vendor', 'a', 'token_endpoint']));
    expect(Object.values(data).join('').length).toBeLessThan(1_000);
  });
});
