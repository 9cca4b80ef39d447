import { describe, expect, test } from 'vitest';
import { asMetadata } from '../../../src/dialects/answered-form.ts';
import { keycloakClient } from '../../../src/dialects/keycloak-client.ts';
import type { HttpOutcome } from '../../../src/oauth/http-message.ts';
import { Sensitive } from '../../../src/oauth/sensitive.ts';
import { answered } from '../../kit/fakes/fake-ports.ts';

const bodyOf = (outcome: HttpOutcome) =>
  outcome.kind === 'answered'
    ? outcome.body.reveal()
    : outcome.kind === 'noAnswer'
      ? outcome.received?.reveal()
      : undefined;
const read = (outcome: HttpOutcome) => bodyOf(asMetadata(outcome, keycloakClient));

describe("an answer in a server's own form", () => {
  test('is read as a client', () => {
    expect(
      JSON.parse(read(answered(201, { clientId: 'c1', registrationAccessToken: 't' })) ?? ''),
    ).toMatchObject({
      client_id: 'c1',
      registration_access_token: 't',
    });
  });

  test.each(['', 'not json', '[1]', '{"error":"invalid_token"}'])('else stays as it is: %s', (body) => {
    expect(read(answered(400, body))).toBe(body);
  });

  test('that was cut off keeps the client that had arrived', () => {
    const received = new Sensitive(
      '{"clientId":"c1","registrationAccessToken":"t","attributes":{"a":"b"},"prot',
    );
    const torn = { kind: 'noAnswer', reason: 'ConnectionLost', detail: 'lost', received } as const;
    expect(JSON.parse(read(torn) ?? '')).toMatchObject({ client_id: 'c1', registration_access_token: 't' });
  });

  test('that never came stays so', () => {
    const lost = { kind: 'noAnswer', reason: 'Timeout', detail: 'late' } as const;
    expect(asMetadata(lost, keycloakClient)).toBe(lost);
  });
});
