import { describe, expect, test } from 'vitest';
import { withKeys } from '../../../src/core/document-keys.ts';
import { documentDialect } from '../../../src/core/identification.ts';
import type { Usable } from '../../../src/core/narrowed.ts';
import { documentOf } from '../../../src/core/permitted-document.ts';
import { isProblem } from '../../../src/core/problem.ts';
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
