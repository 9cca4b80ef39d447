import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { keptAddress, managementOf } from '../../../src/core/management.ts';
import { PRESETS } from '../../../src/dialects/presets.ts';
import {
  type ClientInformation,
  mergeClientInformation,
  parseClientInformation,
  salvageClientInformation,
} from '../../../src/oauth/client-information.ts';
import { Sensitive } from '../../../src/oauth/sensitive.ts';
import { urlProblem } from '../../../src/oauth/url.ts';
import { bare } from '../../kit/fixtures/contents.ts';
import { alone, record } from '../../kit/fixtures/observations.ts';
import { bodyOf, jsonObject, name, text } from './arbitraries.ts';
import { check } from './check.ts';
import { CLIENT_INFORMATION } from './corpus.ts';

/** Client information in any form: everything readable is read, and the client is never lost. */

const body = bodyOf(CLIENT_INFORMATION);
const endpoint = 'https://sso.example/register';

const CREDENTIALS = [
  'client_id',
  'client_secret',
  'client_secret_expires_at',
  'client_id_issued_at',
  'registration_access_token',
  'registration_access_token_expires_in',
  'registration_client_uri',
];

function expectSound(information: ClientInformation): void {
  const { clientId, clientSecretExpiresAt = 0, registrationAccessTokenExpiresIn = 1, metadata } = information;
  expect(clientId.length).toBeGreaterThan(0);
  expect(clientId.length).toBeLessThanOrEqual(4096);
  expect(clientSecretExpiresAt).toBeGreaterThanOrEqual(0);
  expect(Number.isFinite(clientSecretExpiresAt)).toBe(true);
  expect(registrationAccessTokenExpiresIn).toBeGreaterThan(0);
  expect(Number.isFinite(registrationAccessTokenExpiresIn)).toBe(true);
  expect(Object.keys(metadata).filter((member) => CREDENTIALS.includes(member))).toEqual([]);
  expect(Object.getPrototypeOf(metadata)).toBe(Object.prototype);
}

describe('client information', () => {
  test('is read without an error from any body, and what is read is valid', () => {
    check(
      fc.property(body, (given) => {
        for (const read of [parseClientInformation, salvageClientInformation]) {
          const information = read(new Sensitive(given));
          if (information !== undefined) {
            expectSound(information);
          }
        }
      }),
    );
  });

  test('is salvaged from every body that can be parsed, with the same client_id', () => {
    check(
      fc.property(body, (given) => {
        const parsed = parseClientInformation(new Sensitive(given));
        if (parsed !== undefined) {
          expect(salvageClientInformation(new Sensitive(given))?.clientId).toBe(parsed.clientId);
        }
      }),
    );
  });

  test('keeps a complete client_id at the top level, wherever the answer is cut off after it', () => {
    const members = fc.array(
      fc.tuple(
        name.filter((member) => member !== 'client_id'),
        jsonObject,
      ),
      { maxLength: 5 },
    );
    const id = text.filter((given) => given !== '' && given.length <= 4096);
    check(
      fc.property(members, members, id, fc.nat(), (before, after, clientId, cutAt) => {
        const written = (list: readonly [string, unknown][]) =>
          list.map(([member, value]) => `${JSON.stringify(member)}:${JSON.stringify(value)},`).join('');
        const head = Buffer.from(`{${written(before)}"client_id":${JSON.stringify(clientId)}`);
        const tail = Buffer.from(`,${written(after)}"end":true}`);
        const torn = Buffer.concat([head, tail.subarray(0, cutAt % (tail.length + 1))]).toString();
        expect(salvageClientInformation(new Sensitive(torn))?.clientId).toBe(clientId);
      }),
    );
  });

  test('distinguishes client ids that are numbers too large for JavaScript', () => {
    check(
      fc.property(fc.bigInt({ min: 1n, max: 10n ** 40n }), (id) => {
        const information = parseClientInformation(new Sensitive(`{"client_id":${id}}`));
        expect(information?.clientId).toBe(String(id));
      }),
    );
  });

  test("keeps the client's identity when a later answer is merged into it, and a second merge changes nothing", () => {
    check(
      fc.property(body, body, (first, second) => {
        const stored = parseClientInformation(new Sensitive(first));
        const answer = parseClientInformation(new Sensitive(second));
        if (stored === undefined || answer === undefined) {
          return;
        }
        const merged = mergeClientInformation(stored, answer);
        expectSound(merged);
        expect(merged.clientId).toBe(stored.clientId);
        expect(merged.clientSecret).toBe(answer.clientSecret ?? stored.clientSecret);
        expect(merged.registrationAccessToken).toBe(
          answer.registrationAccessToken ?? stored.registrationAccessToken,
        );
        expect(mergeClientInformation(merged, answer)).toEqual(merged);
      }),
    );
  });
});

describe('the address that a client is managed at', () => {
  const template = fc.oneof(
    fc.constantFrom(
      'AsReturned',
      '{registration_endpoint}/{client_id}',
      '{registration_endpoint}?client_id={client_id}',
      'https://sso.example/{client_id}',
      ...Object.values(PRESETS).flatMap(({ departures }) => departures.configurationUrl ?? []),
    ),
  );
  const inputs = [fc.option(text, { nil: undefined }), text, template, fc.boolean()] as const;

  test('is a URL or none, for any client_id', () => {
    check(
      fc.property(...inputs, (returned, clientId, configurationUrl, isExplicit) => {
        const terms = { mode: 'Auto', credential: undefined, configurationUrl, isExplicit } as const;
        const address = keptAddress(returned, clientId, endpoint, terms);
        expect(address === undefined || /^https?:/.test(address)).toBe(true);
        // Resolving an absolute address changes nothing.
        if (address !== undefined) {
          expect(keptAddress(address, clientId, endpoint, { ...terms, isExplicit: false })).toBe(address);
        }
      }),
    );
  });

  test('gets the token only if its origin may have it', () => {
    check(
      fc.property(fc.oneof(text, fc.webUrl()), text, (registrationClientUri, clientId) => {
        const token = new Sensitive('rat');
        const information = { clientId, registrationAccessToken: token, registrationClientUri, metadata: {} };
        const content = { ...bare, information, registrationEndpoint: endpoint };
        const management = managementOf(alone(record({ clientId })), content);
        expect(
          management.kind !== 'Managed' || new URL(management.url).origin === 'https://sso.example',
        ).toBe(true);
      }),
    );
  });

  test("is found for a client_id that isn't well-formed text", () => {
    const terms = {
      mode: 'Auto',
      credential: undefined,
      configurationUrl: '{registration_endpoint}/{client_id}',
      isExplicit: false,
    } as const;
    expect(keptAddress(undefined, 'a\ud800', endpoint, terms)).toBe(`${endpoint}/a%EF%BF%BD`);
    expect(keptAddress(`${endpoint}/a`, 'a\ud800', endpoint, terms)).toBe(`${endpoint}/a`);
  });

  test('is found if the registration endpoint contains text that looks like a replacement pattern', () => {
    const odd = 'https://sso.example/$&/register';
    expect(urlProblem(odd, { allowHttp: false })).toBeUndefined();
    const terms = {
      mode: 'Auto',
      credential: undefined,
      configurationUrl: '{registration_endpoint}/{client_id}',
      isExplicit: true,
    } as const;
    expect(keptAddress(undefined, 'c1', odd, terms)).toBe(`${odd}/c1`);
  });
});
