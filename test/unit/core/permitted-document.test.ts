import { describe, expect, test } from 'vitest';
import { withKeys } from '../../../src/core/document-keys.ts';
import { documentDialect } from '../../../src/core/identification.ts';
import type { Usable } from '../../../src/core/narrowed.ts';
import { documentOf } from '../../../src/core/permitted-document.ts';
import { isProblem } from '../../../src/core/problem.ts';
import { keycloakClient } from '../../../src/dialects/keycloak-client.ts';
import { clientDocument, documentUrl, MOST_DOCUMENT_BYTES } from '../../../src/oauth/client-document.ts';
import {
  connection,
  DOCUMENT_TERMS,
  desired,
  object,
  unregistered,
} from '../../kit/fixtures/observations.ts';

const atDocuments = { ...connection, documents: DOCUMENT_TERMS, dialect: documentDialect({}) };
const KEYS = [{ publicJwk: { kty: 'EC', alg: 'ES256' } }] as never;

const wantedWith = (contacts: readonly string[]) => {
  const spec = {
    client: { clientName: 'Shop', redirectUris: ['https://shop.example.com/cb'], contacts },
    credential: { generatedKey: { algorithm: 'ES256', overlap: '24h' } },
  };
  const wanted = desired(spec as never);
  const o = { ...unregistered({ object: object({ desired: wanted }) }), spec: wanted.spec };
  return documentOf(o as unknown as Usable, atDocuments);
};

describe('the document of a client with a key', () => {
  test('is accepted up to the bytes that servers read, with all that the key adds to it', () => {
    const served = (length: number) => {
      const wanted = wantedWith(['a'.repeat(length), ...Array.from({ length: 9 }, () => 'a'.repeat(480))]);
      if (isProblem(wanted)) {
        return wanted.message;
      }
      const url = documentUrl(
        DOCUMENT_TERMS.baseUrl,
        { namespace: 'shop', name: 'storefront', uid: 'uid-1' },
        'iiiiiiiiii',
      );
      return Buffer.byteLength(
        clientDocument(url, withKeys(wanted.document, KEYS, atDocuments.dialect)).body,
      );
    };
    const smallest = served(1);
    const room = MOST_DOCUMENT_BYTES - Number(smallest) + 1;
    expect(served(room)).toBe(MOST_DOCUMENT_BYTES);
    expect(served(room + 1)).toMatch(/^The document would have 5001 bytes, and servers read 5000 at most\./);
  });
});

describe("the body in Keycloak's own form", () => {
  const problemOf = (client: object, grantTypes: readonly string[]) => {
    const wanted = desired({ client: { redirectUris: ['https://shop.example.com/cb'], ...client } } as never);
    const o = { ...unregistered({ object: object({ desired: wanted }) }), spec: wanted.spec };
    const documents = { ...connection, codec: keycloakClient, policy: { grantTypes } };
    const permitted = documentOf(o as unknown as Usable, documents as never);
    return isProblem(permitted) ? permitted.message : undefined;
  };

  test('turns on no flow by response types that the policy does not permit', () => {
    const machine = { grantTypes: ['client_credentials'], responseTypes: ['code'] };
    expect(problemOf(machine, ['client_credentials'])).toBe(
      'response_types turn on the grant type authorization_code at this server, which is not permitted: spec.policy.grantTypes of the server object lists client_credentials; choose other response types, or ask the platform team to extend spec.policy.grantTypes.',
    );
    expect(problemOf(machine, ['client_credentials', 'authorization_code'])).toBeUndefined();
    const hybrid = { grantTypes: ['authorization_code'], responseTypes: ['code id_token'] };
    expect(problemOf(hybrid, ['authorization_code'])).toContain('turn on the grant type implicit');
    expect(problemOf({ ...machine, responseTypes: [] }, ['client_credentials'])).toBeUndefined();
  });
});
