import { describe, expect, test } from 'vitest';
import type { OAuthClientSpec } from '../../../../src/api/oauth-client.ts';
import type { Observation, ObservedClient, Setback } from '../../../../src/core/observation.ts';
import { plan } from '../../../../src/core/plan.ts';
import { Sensitive } from '../../../../src/oauth/sensitive.ts';
import { replacementOf } from '../../../kit/fixtures/client-specs.ts';
import {
  basisOf,
  closed,
  connection,
  desired,
  edited,
  fresh,
  NOW,
  object,
  observation,
  reached,
  record,
  secret,
  setback,
  unavailable,
  unregistered,
} from '../../../kit/fixtures/observations.ts';
import { publishes, ready, registers, stalls, table, updates, waits } from '../../../kit/fixtures/plans.ts';

const replaces = { ...registers, replaces: 'oac-uid-1-a1' };
const asked = (more: Partial<ObservedClient> = {}) => object({ rotateRequestedAt: '1777636800', ...more });
const wants = (spec: Partial<OAuthClientSpec>, more: Partial<ObservedClient> = {}) =>
  object({ desired: desired(spec), ...more });

/** An edit that the server was found unable to take. */
function unsupported(
  onEdit: OAuthClientSpec['replacement']['onEdit'],
  change: Partial<ObservedClient> = {},
): Observation {
  const client = { clientName: 'Edited' };
  const o = observation({
    object: wants({ client, replacement: replacementOf({ onEdit }) }, change),
  });
  const refused: Setback = setback({
    action: 'Update',
    basis: basisOf(o),
    kind: 'Terminal',
    reason: 'UpdateUnsupported',
    message: 'The server answered status 405.',
    retryAt: Number.POSITIVE_INFINITY,
  });
  return { ...o, setbacks: [refused] };
}

const editedDocument = { client_name: 'Edited' };

/** The server refused another client for the object. */
function refused(given: Partial<Observation>): Observation {
  const o = observation(given);
  const refusal = { kind: 'Terminal', reason: 'ReplacementRefused', message: 'Only one.' } as const;
  const retryAt = Number.POSITIVE_INFINITY;
  return { ...o, setbacks: [setback({ action: 'Register', basis: basisOf(o), ...refusal, retryAt })] };
}

table('a replacement that the server refuses', [
  ['is shown', refused({ object: asked() }), stalls('ReplacementRefused', 'Only one.')],
  [
    'does not stand before an edit',
    { ...refused({ object: edited({ rotateRequestedAt: '1777636800' }) }) },
    { ...updates, document: editedDocument },
  ],
  [
    'does not stand before the Secret under a former name',
    refused({
      object: asked({ desired: desired({ secret: { name: 'renamed' } }) }),
      secrets: [secret({ name: 'renamed' }), secret()],
    }),
    { type: 'RemoveSecret', secret: 'storefront-oauth' },
  ],
]);

table('an annotation that asks for a new registration', [
  ['registers a client in the place of the present one', observation({ object: asked() }), replaces],
  ['does so after the Secret was put right', observation({ object: asked(), secrets: [] }), publishes],
  [
    'does so again for every new value',
    observation({ object: asked(), records: [record({ rotatedFor: '1777550400' })] }),
    replaces,
  ],
  [
    'is handled once per value',
    observation({ object: asked(), records: [record({ rotatedFor: '1777636800' })] }),
    ready,
  ],
  [
    'means nothing to a first registration, which handles it',
    unregistered({ object: fresh({ rotateRequestedAt: '1777636800' }) }),
    registers,
  ],
  [
    'waits for a server that is not available',
    observation({ object: asked(), server: unavailable }),
    waits('DiscoveryFailed', 'https://sso.example.com/.well-known/x: 404'),
  ],
  [
    "waits while the server's state permits no call",
    observation({ object: asked(), server: closed('AuthorizationServerPaused', 'until noon') }),
    { ...waits('AuthorizationServerPaused', 'until noon'), awaitsServer: true },
  ],
  [
    "doesn't wait while the server is suspected of having lost its tokens: a person may know better",
    observation({
      object: asked(),
      server: { ...closed('AuthorizationServerSuspect', 'tokens'), registerGate: { open: true } },
    }),
    replaces,
  ],
  [
    'waits for its turn after a failure',
    observation({
      object: asked(),
      setbacks: [setback({ action: 'Register', basis: basisOf(observation({ object: asked() })) })],
    }),
    waits('AuthorizationServerUnavailable', 'No answer in time', NOW + 5_000),
  ],
]);

table('an edit that the server can not take', [
  [
    'registers a client anew where the spec says Automatic',
    unsupported('Automatic'),
    { ...replaces, document: editedDocument },
  ],
  [
    'waits for the word where the spec says Manual',
    unsupported('Manual'),
    stalls(
      'ReplacementPending',
      'Another client is registered when you ask for it: kubectl annotate oac storefront -n shop oauth-registrar.dev/rotate-requested-at=$(date +%s) --overwrite. It has a new client_id. The server answered status 405.',
    ),
  ],
  [
    'stalls where the spec says Never: nothing is registered anew by itself',
    unsupported('Never'),
    stalls(
      'UpdateUnsupported',
      'The server answered status 405. Or have another client registered now, with a new client_id: kubectl annotate oac storefront -n shop oauth-registrar.dev/rotate-requested-at=$(date +%s) --overwrite',
    ),
  ],
  [
    'is tried again when it is another edit',
    { ...unsupported('Never'), object: wants({ client: { clientName: 'Edited again' } }) },
    { ...updates, document: { client_name: 'Edited again' } },
  ],
  [
    'is tried again when the annotation asks for it',
    { ...unsupported('Never'), object: edited({ reconcileRequestedAt: 'now' }) },
    updates,
  ],
  [
    'registers a client anew at the word, though the spec says Manual',
    {
      ...unsupported('Manual'),
      object: wants(
        { client: { clientName: 'Edited' }, replacement: replacementOf({ onEdit: 'Manual' }) },
        { rotateRequestedAt: '1777636800' },
      ),
    },
    { ...replaces, document: editedDocument },
  ],
]);

describe('At a server with one client for each software statement, by management.mode ClientCredential', () => {
  const { management, statement } = connection;
  const given = { jwt: new Sensitive('jwt'), claims: {} };
  const stated = (mode: 'ClientCredential' | 'Auto' = 'ClientCredential') =>
    reached({ management: { ...management, mode }, statement: { ...statement, given } });
  const one = (overrides: Partial<Observation> = {}) => observation({ server: stated(), ...overrides });

  test('a person is told before the client ends, and asks for it', () => {
    const automatic = unsupported('Automatic');
    expect(plan(one({ ...automatic, server: stated(), servers: undefined as never }))).toMatchObject({
      type: 'Idle',
      state: 'Stalled',
      reason: 'ReplacementPending',
      message: expect.stringMatching(
        /^Another client is registered when you ask for it: kubectl annotate .* It has a new client_id\. The server has one client for each software statement: client c1 ends first, and the workload has none until the other one is registered\. /,
      ),
    });
  });

  test('then the client ends, and the other one is registered', () => {
    expect(plan(one({ object: asked() }))).toMatchObject({
      type: 'Deregister',
      because: 'Replaced',
      message:
        'The server has one client for each software statement, so client c1 ends before another is registered.',
    });
    expect(plan(one({ object: asked(), records: [] }))).toMatchObject({ type: 'Register' });
  });

  test('a deletion that the server does not confirm is waited for', () => {
    const unconfirmed = setback({ basis: 'oac-uid-1-a1', retryAt: NOW + 5_000 });
    expect(plan(one({ object: asked(), setbacks: [unconfirmed] }))).toMatchObject({
      type: 'Idle',
      state: 'Waiting',
      reason: 'Deleting',
      message:
        'Client c1 is removed before another is registered, and the server has not confirmed that yet.',
    });
  });

  test('nothing ends while another client could not be registered', () => {
    const gate = { open: false, reason: 'AuthorizationServerPaused', message: 'Later.' } as const;
    const o = one({ object: asked(), server: { ...stated(), registerGate: gate } });
    expect(plan(o)).toMatchObject({ type: 'Idle', reason: 'AuthorizationServerPaused' });
  });

  test('elsewhere the other client is registered first', () => {
    expect(plan(one({ object: asked(), server: stated('Auto') }))).toMatchObject({ type: 'Register' });
    const plainly = reached({ management: { ...management, mode: 'ClientCredential' } });
    expect(plan(one({ object: asked(), server: plainly }))).toMatchObject({ type: 'Register' });
  });
});
