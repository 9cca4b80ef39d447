import { afterEach, expect, test } from 'vitest';
import { parseClientInformation } from '../../../../src/oauth/client-information.ts';
import { readDiscoveryAnswer } from '../../../../src/oauth/discovery.ts';
import type { FaultyAnswer } from '../../../kit/emulator/faults.ts';
import { start, stopAll } from '../../../kit/emulator/running.ts';
import { client, post, within } from '../../../kit/fakes/local-servers.ts';

/** Answers of an authorization server that arrive whole, however odd their bytes are. */
afterEach(stopAll);

const WHOLE: readonly FaultyAnswer[] = [
  { kind: 'coded', coding: 'gzip' },
  { kind: 'coded', coding: 'gzip unannounced' },
  { kind: 'coded', coding: 'deflate' },
  { kind: 'coded', coding: 'br' },
  { kind: 'coded', coding: 'byte order mark' },
  { kind: 'framed', framing: 'length too small' },
  { kind: 'framed', framing: 'length too large' },
  { kind: 'framed', framing: 'length twice' },
  { kind: 'framed', framing: 'length and chunks' },
  { kind: 'framed', framing: 'bad chunk' },
  { kind: 'framed', framing: 'no last chunk' },
];

const ROWS = WHOLE.map((answer) => [Object.values(answer).join(': '), answer] as const);

test.each(ROWS)('%s: no client is lost, and no document', async (_, answer) => {
  const emulator = await start();
  emulator.misbehave('register', { answer });
  emulator.misbehave('discovery', { answer });
  const caller = client();
  const body = JSON.stringify(emulator.capabilities.webBody);
  const request = post(emulator.registrationEndpoint, {
    headers: { 'content-type': 'application/json' },
    body,
  });
  const registered = await caller.send(request, within(5_000));
  expect(registered).toMatchObject({ kind: 'answered', status: 201 });
  const told = registered.kind === 'answered' ? parseClientInformation(registered.body) : undefined;
  expect(told?.clientId).toBe(emulator.clients()[0]?.clientId);
  expect(emulator.secrets).toContain(told?.registrationAccessToken?.reveal());

  const url = `${emulator.issuer}/.well-known/oauth-authorization-server`;
  const found = await caller.send({ method: 'GET', url, headers: {} }, within(5_000));
  const document = found.kind === 'answered' && readDiscoveryAnswer(url, found, { allowHttp: true });
  expect(document).toMatchObject({ kind: 'document', document: { issuer: emulator.issuer } });
});

test('a document that offers less than its server takes has the lists of the document', async () => {
  const emulator = await start({ discovery: { offers: { grant_types_supported: ['authorization_code'] } } });
  const url = `${emulator.issuer}/.well-known/oauth-authorization-server`;
  const found = await client().send({ method: 'GET', url, headers: {} }, within(5_000));
  const answer = found.kind === 'answered' && readDiscoveryAnswer(url, found, { allowHttp: true });
  expect(answer).toMatchObject({ document: { offered: { grant_types: ['authorization_code'] } } });
});
