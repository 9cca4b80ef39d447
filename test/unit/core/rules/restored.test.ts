import { expect } from 'vitest';
import type { Observation, ObservedClient } from '../../../../src/core/observation.ts';
import { Sensitive } from '../../../../src/oauth/sensitive.ts';
import {
  basisOf,
  call,
  deleting,
  departed,
  fresh,
  NOW,
  object,
  observation,
  record,
  secret,
  setback,
} from '../../../kit/fixtures/observations.ts';
import { deregisters, ready, registers, stalls, table } from '../../../kit/fixtures/plans.ts';

/** An object of a new uid, in a namespace of a new uid, and the record of the one that it is a copy of. */
const before = departed();
const restored = (more: Partial<Observation> = {}): Observation =>
  observation({ object: fresh(), records: [before], secrets: [copy()], namespaceUid: 'ns-2', ...more });

/** The workload Secret as it comes back: as it was, without its owner. */
const copy = (more: Parameters<typeof secret>[0] = {}, shown = before) =>
  secret({ ownerUid: undefined, ...more }, shown);
const withStatus = (more: Partial<ObservedClient> = {}) =>
  object({ status: { clientId: 'c0', issuer: before.issuer, installation: 'main' }, ...more });

const takesOver = (proof: string | undefined = 'storefront-oauth', name = before.registrationSecret) => ({
  type: 'TakeOver',
  record: name,
  proof,
});

const asksPerson = stalls(
  'RegistrationRecordMissing',
  "Client c0 is recorded for an OAuthClient of an earlier namespace shop, and nothing that came back with this object proves that it is the same one. If it is, a platform engineer lets it have the client, in the operator's namespace: kubectl annotate secret oac-uid-0-a1 oauth-registrar.dev/namespace-uid=ns-2 --overwrite. Else have another registered, and that one removed: kubectl annotate oac storefront -n shop oauth-registrar.dev/rotate-requested-at=$(date +%s) --overwrite",
);
const missing = stalls(
  'RegistrationRecordMissing',
  "The registration Secret oac-uid-0-a1 is gone from the operator's namespace. Restore it from a backup; or have another client registered, and this one left behind: kubectl annotate oac storefront -n shop oauth-registrar.dev/rotate-requested-at=$(date +%s) --overwrite",
);
const next = departed({ attempt: 'a2', clientId: 'c2', replaces: before.registrationSecret });
const refused = setback({
  action: 'TakeOver',
  kind: 'Terminal',
  basis: basisOf(restored()),
  retryAt: Number.POSITIVE_INFINITY,
});

table('an object restored with its Secret, whose record is here', [
  ['takes the client over, if the Secret proves that it is the same', restored(), takesOver()],
  [
    'needs no proof in the same namespace',
    restored({ namespaceUid: 'ns-1' }),
    { ...takesOver(), proof: undefined },
  ],
  ['takes it over with its status, too', restored({ object: withStatus() }), takesOver()],
  [
    'takes over what was owed or retained',
    restored({ records: [departed({ role: 'retained' })] }),
    takesOver(),
  ],
  [
    'takes it over though a new registration was asked for before the backup',
    restored({ object: fresh({ rotateRequestedAt: '1' }), records: [departed({ rotatedFor: '1' })] }),
    takesOver(),
  ],
  ['stalls where the Secret holds other credentials', restored({ setbacks: [refused] }), asksPerson],
  [
    'is registered anew where the Secret holds other credentials and a person asks for it',
    restored({ setbacks: [refused], object: fresh({ rotateRequestedAt: '2' }) }),
    registers,
  ],
  [
    "doesn't take over what is being removed",
    restored({
      calls: [
        call({ kind: 'Deregister', state: 'interrupted', registrationSecret: before.registrationSecret }),
      ],
    }),
    deregisters('Departed', before.registrationSecret),
  ],
  [
    'has nothing to take over when it is being deleted',
    restored({ object: deleting({ status: {} }) }),
    deregisters('Departed', before.registrationSecret),
  ],
  [
    "doesn't take the client for its own because of a Secret that an earlier object owns",
    restored({ secrets: [copy({ ownerUid: 'uid-0' })] }),
    deregisters('Departed', before.registrationSecret),
  ],
]);

table('an object restored in the overlap of a replacement', [
  [
    'takes over first the client that its Secret shows',
    restored({ records: [before, next], secrets: [copy({}, next)] }),
    takesOver('storefront-oauth', next.registrationSecret),
  ],
  [
    "then the other one, which isn't removed",
    restored({
      records: [
        before,
        record({ attempt: 'a2', replaces: before.registrationSecret, registeredAt: iso(-60) }),
      ],
      secrets: [],
    }),
    { ...takesOver(), proof: undefined },
  ],
]);

table('an object restored with its status alone, whose record is here', [
  [
    'takes the client over in the same namespace',
    restored({ object: withStatus(), secrets: [], namespaceUid: 'ns-1' }),
    { ...takesOver(), proof: undefined },
  ],
  [
    'asks a person in a namespace that was made anew',
    restored({ object: withStatus(), secrets: [] }),
    asksPerson,
  ],
  [
    'is registered anew where a person says so',
    restored({ object: withStatus({ rotateRequestedAt: '2' }), secrets: [] }),
    registers,
  ],
]);

table('an object restored without its record', [
  [
    'gets a finalizer first, so that its end can be told',
    restored({ records: [], object: fresh({ hasFinalizer: false, finalizers: [] }) }),
    { type: 'AddFinalizer' },
  ],
  [
    'registers anew where the Secret says that its client was removed (--cascade=orphan)',
    restored({ records: [], secrets: [copy({ shows: '' })] }),
    registers,
  ],
  [
    'is not registered anew because its status is lost: its Secret shows that it was',
    restored({ records: [] }),
    missing,
  ],
  [
    'is not registered anew for a request that was served before the backup',
    restored({
      records: [],
      object: fresh({ rotateRequestedAt: '1' }),
      secrets: [
        copy({
          annotations: { ...copy().annotations, 'oauth-registrar.dev/rotate-requested-at': '1' },
        }),
      ],
    }),
    missing,
  ],
  [
    'is registered anew when a person says so',
    restored({ records: [], object: fresh({ rotateRequestedAt: '1' }) }),
    registers,
  ],
]);

const brought = (clientId: string) => ({
  clientId,
  clientSecret: undefined,
  registrationAccessToken: new Sensitive('token'),
  registrationClientUri: 'https://sso.example.com/register/c0',
  version: '1',
});

table('an object restored without its record, whose client a person brings', [
  ['adopts it', restored({ records: [], adoptable: brought('c0') }), { type: 'Adopt' }],
  [
    'adopts the one that its status names',
    restored({ records: [], object: withStatus(), adoptable: brought('c0') }),
    { type: 'Adopt' },
  ],
  [
    "doesn't adopt another than its status names",
    restored({ records: [], object: withStatus(), secrets: [], adoptable: brought('c9') }),
    stalls('RegistrationRecordMissing', expect.stringContaining('of client c0 is gone')),
  ],
  [
    'says that it is missing while nothing is brought',
    restored({ records: [], adoptable: { reason: 'CredentialNotFound', message: 'no such Secret' } }),
    missing,
  ],
]);

table('an object that nothing was restored with', [
  [
    'is a new one: what an earlier one left is removed',
    restored({ secrets: [] }),
    deregisters('Departed', before.registrationSecret),
  ],
  [
    'stays ready beside a Secret that shows what nobody records',
    observation({ secrets: [secret(), copy({ name: 'old' })] }),
    ready,
  ],
]);

function iso(seconds: number): string {
  return new Date(NOW + seconds * 1000).toISOString();
}
