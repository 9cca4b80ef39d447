import type { OAuthClientSpec } from '../../../../src/api/oauth-client.ts';
import type { Policy } from '../../../../src/core/connection.ts';
import type { Observation, ObservedClient, Setback } from '../../../../src/core/observation.ts';
import { Sensitive } from '../../../../src/oauth/sensitive.ts';
import { replacementOf } from '../../../kit/fixtures/client-specs.ts';
import {
  basisOf,
  closed,
  desired,
  edited,
  fresh,
  hashOf,
  NOW,
  object,
  observation,
  reached,
  record,
  setback,
  unavailable,
  unregistered,
} from '../../../kit/fixtures/observations.ts';
import { publishes, ready, registers, stalls, table, updates, waits } from '../../../kit/fixtures/plans.ts';

const HOUR = 3_600_000;
const wants = (spec: Partial<OAuthClientSpec>, more: Partial<ObservedClient> = {}) =>
  object({ desired: desired(spec), ...more });
const replaces = { ...registers, replaces: 'oac-uid-1-a1' };

const boundTo = { apiVersion: 'batch/v1', kind: 'Job', name: 'agent-7' } as const;
const bound = (more: Partial<ObservedClient> = {}) =>
  wants({ lifetime: { onExpiry: 'DeleteObject', boundTo } }, { status: {}, ...more });

table('a client whose end is bound to a Job’s', [
  [
    'is bound before it is registered',
    unregistered({ object: bound() }),
    { type: 'BindToOwner', owner: 'agent-7' },
  ],
  [
    'gets its finalizer first',
    unregistered({ object: bound({ hasFinalizer: false }) }),
    { type: 'AddFinalizer' },
  ],
  [
    'is registered when it is bound',
    unregistered({ object: bound({ owners: ['batch/v1/Job/agent-7'] }) }),
    registers,
  ],
  [
    'is not bound by an owner of another kind or name',
    unregistered({ object: bound({ owners: ['v1/Pod/agent-7', 'batch/v1/Job/agent-8'] }) }),
    { type: 'BindToOwner', owner: 'agent-7' },
  ],
  [
    'waits while there is no such Job, and nothing is registered',
    unregistered({
      object: bound(),
      setbacks: [
        setback({
          action: 'Bind',
          basis: 'batch/v1/Job/agent-7',
          reason: 'BoundObjectNotFound',
          message: 'Job agent-7 doesn’t exist',
        }),
      ],
    }),
    waits('BoundObjectNotFound', 'Job agent-7 doesn’t exist', NOW + 5_000),
  ],
  [
    'looks for another Job at once when the spec names one',
    unregistered({
      object: bound(),
      setbacks: [setback({ action: 'Bind', basis: 'batch/v1/Job/agent-6' })],
    }),
    { type: 'BindToOwner', owner: 'agent-7' },
  ],
]);

const asked = (more: Partial<ObservedClient> = {}) => object({ rotateRequestedAt: '1777636800', ...more });

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
    'waits while the server’s state permits no call',
    observation({ object: asked(), server: closed('AuthorizationServerPaused', 'until noon') }),
    { ...waits('AuthorizationServerPaused', 'until noon'), awaitsServer: true },
  ],
  [
    'doesn’t wait while the server is suspected of having lost its tokens: a person may know better',
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
    stalls('UpdateUnsupported', 'The server answered status 405.'),
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

const generatedKey = { algorithm: 'ES256', overlap: '24h' } as const;
const keyed = (more: Partial<ObservedClient> = {}) => wants({ generatedKey }, more);
const withKey = { token_endpoint_auth_method: 'private_key_jwt' };
const keyedDocument = { ...registers.document, ...withKey };
const made = { keyCreatedAt: '2026-05-01T11:00:00Z' };
const updatesKeys = (keys: string, document: object = keyedDocument) => ({ ...updates, document, keys });

table('a key that the operator makes', [
  [
    'is the client’s from its registration on',
    unregistered({ object: keyed({ status: {} }) }),
    { ...registers, document: keyedDocument },
  ],
  [
    'is made for a client that has none',
    observation({ object: keyed(), records: [record()] }),
    updatesKeys('Rotate'),
  ],
  ['rests where it never rotates', observation({ object: keyed(), records: [record(made)] }), ready],
  [
    'rests until it is due',
    observation({ object: keyed(), records: [record({ ...made, keyRotatesAt: NOW + HOUR })] }),
    { ...ready, until: NOW + HOUR },
  ],
  [
    'is followed by another when it is due',
    observation({ object: keyed(), records: [record({ ...made, keyRotatesAt: NOW })] }),
    updatesKeys('Rotate'),
  ],
  [
    'stays published until the overlap is over',
    observation({ object: keyed(), records: [record({ ...made, keyRetiresAt: NOW + HOUR })] }),
    { ...ready, until: NOW + HOUR },
  ],
  [
    'goes when the overlap is over',
    observation({ object: keyed(), records: [record({ ...made, keyRetiresAt: NOW })] }),
    updatesKeys('Retire'),
  ],
  [
    'is followed by another rather than retired where both are due',
    observation({
      object: keyed(),
      records: [record({ ...made, keyRotatesAt: NOW, keyRetiresAt: NOW })],
    }),
    updatesKeys('Rotate'),
  ],
  [
    'is followed by another in the update that an edit makes anyway',
    observation({
      object: wants({ generatedKey, client: { clientName: 'Edited' } }),
      records: [record({ ...made, keyRotatesAt: NOW })],
    }),
    updatesKeys('Rotate', { client_name: 'Edited', ...withKey }),
  ],
  [
    'waits, and the client with it stays ready, while the server is away',
    observation({
      object: keyed(),
      records: [record({ ...made, keyRotatesAt: NOW })],
      server: unavailable,
    }),
    ready,
  ],
  [
    'is left alone where the spec asks for none any more',
    observation({ records: [record({ ...made, keyRotatesAt: NOW, keyRetiresAt: NOW })] }),
    ready,
  ],
]);

const bounded = (policy: Policy) => reached({ policy });
const quota = bounded({ maxClientsPerNamespace: 3 });

table('a bound on the clients of a namespace', [
  [
    'keeps one more from being registered',
    unregistered({ server: quota, clientsInNamespace: 3 }),
    waits(
      'QuotaExceeded',
      'Namespace shop has 3 clients at this server, and the platform team permits 3. Clients that were kept, are still to be removed or were left behind count, too. Delete one, or ask for more.',
      NOW + 30_000,
    ),
  ],
  ['lets the last one be registered', unregistered({ server: quota, clientsInNamespace: 2 }), registers],
  [
    'of none keeps every one from being registered',
    unregistered({ server: bounded({ maxClientsPerNamespace: 0 }), clientsInNamespace: 0 }),
    waits(
      'QuotaExceeded',
      'Namespace shop has 0 clients at this server, and the platform team permits 0. Clients that were kept, are still to be removed or were left behind count, too. Delete one, or ask for more.',
      NOW + 30_000,
    ),
  ],
  [
    'does not keep one from being replaced',
    observation({ object: asked(), server: quota, clientsInNamespace: 4 }),
    replaces,
  ],
  [
    'does not trouble those that are registered',
    observation({ server: quota, clientsInNamespace: 4 }),
    ready,
  ],
]);

const named = { client: { clientName: 'Storefront', scopes: ['openid', 'admin'] } };
const refusal =
  'scope “admin” is not permitted: spec.policy.scopes of the server object lists openid; choose another, or ask the platform team to extend spec.policy.scopes.';

table('a policy of the server object', [
  [
    'keeps a client from being registered that it does not permit',
    unregistered({ object: wants(named, { status: {} }), server: bounded({ scopes: ['openid'] }) }),
    stalls('PolicyRefused', refusal),
  ],
  [
    'keeps a client from being changed to what it does not permit',
    observation({ object: wants(named), server: bounded({ scopes: ['openid'] }) }),
    stalls('PolicyRefused', refusal),
  ],
  [
    'judges also what the server object’s defaults add',
    unregistered({
      server: reached({ policy: { scopes: ['openid'] }, defaults: { scopes: ['admin'] } }),
    }),
    stalls('PolicyRefused', refusal),
  ],
  [
    'lets what it permits be registered',
    unregistered({
      object: wants({ client: { clientName: 'Storefront', scopes: ['openid'] } }, { status: {} }),
      server: bounded({ scopes: ['openid'] }),
    }),
    { ...registers, document: { ...registers.document, scope: 'openid' } },
  ],
  [
    'leaves a client alone that was registered before the bound was set',
    observation({
      object: wants(named),
      records: [record({ metadataHash: hashOf(named.client) })],
      server: bounded({ scopes: ['openid'] }),
    }),
    ready,
  ],
]);

const statement = { jwt: new Sensitive('a.b.c'), claims: { iss: 'https://publisher.example.com' } };
const softwareStatement = { secretRef: { name: 's', key: 'software_statement' } };
const brings = (more: Partial<ObservedClient> = {}) => wants({ softwareStatement }, { status: {}, ...more });
const allowing = reached({ statement: { given: undefined, sign: undefined, fromClient: 'Allow' } });

table('a software statement of the client’s own', [
  [
    'stands in the document by its claims',
    unregistered({ object: brings(), server: allowing, statement }),
    { ...registers, document: { ...registers.document, software_statement: statement.claims } },
  ],
  [
    'keeps the client from being registered while it can not be read',
    unregistered({
      object: brings(),
      server: allowing,
      statement: { reason: 'CredentialNotFound', message: 'Secret shop/s doesn’t exist.' },
    }),
    stalls('CredentialNotFound', 'Secret shop/s doesn’t exist.'),
  ],
  [
    'is refused where the server object does not permit it',
    unregistered({ object: brings(), statement }),
    stalls(
      'InvalidSpec',
      'The server object doesn’t permit softwareStatement; remove spec.softwareStatement or ask the platform team to set registration.softwareStatement.fromClient.',
    ),
  ],
]);

table('a server object that shapes documents otherwise than before', [
  [
    'has every client looked at, though no spec was edited',
    observation({ server: reached({ shape: 'shape-2' }) }),
    { ...updates, document: registers.document },
  ],
  [
    'leaves clients alone that were looked at',
    observation({
      records: [record({ metadataHash: hashOf({ clientName: 'Storefront' }, 'shape-2') })],
      server: reached({ shape: 'shape-2' }),
    }),
    ready,
  ],
  [
    'is no edit while it is away: whatever shape it had, the client stays ready',
    observation({
      records: [record({ metadataHash: hashOf({ clientName: 'Storefront' }, 'shape-0') })],
      server: unavailable,
    }),
    ready,
  ],
]);

const lost = (count: number, more: Partial<Observation['suspects']> = {}) => ({
  suspects: { count, latestAt: NOW - 60_000, isOver: false, ...more },
});
const annotate =
  'kubectl annotate oac storefront -n shop oauth-registrar.dev/reconcile-requested-at=$(date +%s) --overwrite';

table('a client whose registrations got no answer', [
  ['is registered again after one', unregistered(lost(1)), registers],
  ['is registered again after two', unregistered(lost(2)), registers],
  [
    'waits ten minutes after three, and says where they are listed',
    unregistered(lost(3)),
    waits(
      'RegistrationOutcomeUnknown',
      `3 registrations of this client got no answer (ConfigMap oauth-registrar-suspected-orphans has its time). Another is tried at 2026-05-01T12:09:00Z, or as soon as the server answers one of another client, or when you say so: ${annotate}`,
      NOW + 540_000,
    ),
  ],
  ['is registered again when they are over', unregistered(lost(3, { latestAt: NOW - 600_000 })), registers],
  [
    'is registered again as soon as the server has answered another',
    unregistered(lost(3, { isOver: true })),
    registers,
  ],
  [
    'is registered again when a person says so',
    unregistered({ ...lost(3), object: fresh({ reconcileRequestedAt: '1' }) }),
    registers,
  ],
  [
    'waits for a person from the first one, where the server object says Hold',
    unregistered({
      ...lost(1),
      server: reached({
        recovery: { interrupted: 'Hold', tokenLost: 'Hold', cooldownMs: 60_000, maxAttempts: 3 },
      }),
    }),
    stalls(
      'RegistrationOutcomeUnknown',
      `A registration of this client got no answer. Look for the client at the server (ConfigMap oauth-registrar-suspected-orphans has its time) and remove it; then have another registered: ${annotate}`,
    ),
  ],
]);
