import { describe, expect, test } from 'vitest';
import { documentCondition } from '../../../src/core/summarize-document.ts';
import {
  base,
  desired,
  object,
  observation,
  reached,
  record,
  served,
} from '../../kit/fixtures/observations.ts';

const CLIENT_ID = 'https://clients.example.com/shop/storefront-1a2b3c4d-x7k2';
const SERVED = `Document ${CLIENT_ID} was fetched through its public URL, as it is to be served.`;
const UNKNOWN_SCOPE =
  'scopes_supported of the server lacks scopes that it asks for (read): node-oidc-provider and better-auth refuse a document with a scope that they do not know.';
const published = record({ clientId: CLIENT_ID, document: served() });
const client = object({ desired: desired({ client: { ...base.client, scopes: ['read'] } }) });

/** With what the metadata of the server offer; `undefined`: they are not known. */
const at = (offered?: { readonly scope?: readonly string[] }) =>
  observation({ records: [published], object: client, server: reached(offered ? { offered } : {}) });
const messageOf = (o: ReturnType<typeof at>) => documentCondition(o, published)[0]?.message ?? '';

describe('the condition of a document that was seen', () => {
  test('names the scopes that the server does not know', () => {
    expect(messageOf(at({ scope: ['other'] }))).toBe(`${SERVED} ${UNKNOWN_SCOPE}`);
    expect(messageOf(at({ scope: ['other', 'read'] }))).toBe(SERVED);
  });

  test('says nothing of them where the server names none', () => {
    expect(messageOf(at({}))).toBe(SERVED);
  });

  test('keeps what it said of the same spec while the server is not known', () => {
    const told = messageOf(at({ scope: ['other'] }));
    const { generation } = client;
    const saidOf = (observedGeneration: number) => {
      const condition = {
        type: 'DocumentServed',
        status: 'True',
        reason: 'DocumentServed',
        message: told,
        observedGeneration,
        lastTransitionTime: '2026-05-01T11:00:00Z',
      } as const;
      return { ...at(), object: { ...client, status: { conditions: [condition] } } };
    };
    expect(messageOf(saidOf(generation))).toBe(told);
    expect(messageOf(saidOf(generation - 1))).toBe(SERVED);
  });
});
