import { describe, expect, test } from 'vitest';
import { withinShares } from '../../../../src/controller/client/share-gate.ts';
import type { StepContext } from '../../../../src/controller/client/step-context.ts';
import { storedClientKey } from '../../../../src/core/client-key.ts';
import { storedServerKey } from '../../../../src/core/server-key.ts';
import { contextOf } from '../../../kit/fakes/fake-ports.ts';
import { available, call, closed, NOW, unavailable } from '../../../kit/fixtures/observations.ts';

const KEY = storedClientKey('shop/storefront');
const CLUSTER = storedServerKey('ClusterAuthorizationServer/corporate');
const OWN = storedServerKey('AuthorizationServer/shop/own');

interface Shares {
  readonly shortage?: 'Share' | 'Room';
  /** Calls of this client that are in the ledger. */
  readonly calls?: number;
  readonly isListFull?: boolean;
  readonly isCrowded?: boolean;
}

const contextWith = ({ shortage, calls = 0, isListFull = false, isCrowded = false }: Shares): StepContext =>
  contextOf({
    clock: { now: () => NOW } as never,
    ledger: { callsOf: () => Array.from({ length: calls }, () => call()), shortage: () => shortage } as never,
    orphans: { isFull: () => isListFull, countIn: () => 7 } as never,
    slots: { isCrowded: () => isCrowded } as never,
  });
const gateFor = (kind: 'Register' | 'Update', shares: Shares, server = CLUSTER) => {
  const view = withinShares(available, server, KEY, kind, contextWith(shares));
  return view.available ? view.gate : undefined;
};

describe('A client whose namespace has used up a share waits', () => {
  test.each<readonly [string, 'Register' | 'Update', Shares, object]>([
    ['no share is used up', 'Register', {}, { open: true }],
    [
      'many calls of the namespace got no answer',
      'Update',
      { shortage: 'Share' },
      {
        ...{ open: false, reason: 'NamespaceShareReached', until: NOW + 30_000 },
        message: expect.stringMatching(
          /^\d+ calls of namespace shop to ClusterAuthorizationServers ended without a readable answer, /,
        ),
      },
    ],
    [
      'the ledger has no room now',
      'Update',
      { shortage: 'Room' },
      { open: false, reason: 'Queued', message: 'Too many calls are under way.', until: NOW + 1_000 },
    ],
    [
      'the ledger has an entry of this client: its next call settles it',
      'Update',
      { shortage: 'Share', calls: 1 },
      { open: true },
    ],
    [
      'many clients of the namespace wait for a slot',
      'Register',
      { isCrowded: true },
      {
        ...{ open: false, reason: 'Queued', until: NOW + 10_000 },
        message: 'Too many clients of namespace shop wait for its servers.',
      },
    ],
    [
      'the list of suspected orphans is full',
      'Register',
      { isListFull: true },
      {
        ...{ open: false, reason: 'RegistrationOutcomeUnknown' },
        message: expect.stringMatching(
          /^7 registrations of namespace shop at ClusterAuthorizationServer corporate ended without an answer, .* in ConfigMap oauth-registrar-suspected-orphans; /,
        ),
      },
    ],
    ['the list is full, which stops no update', 'Update', { isListFull: true }, { open: true }],
  ])('%s (%s)', (_, kind, shares, gate) => {
    expect(gateFor(kind, shares)).toEqual(gate);
  });

  test('with the number of calls that its own servers may leave open', () => {
    const [own, cluster] = [OWN, CLUSTER].map((server) => gateFor('Update', { shortage: 'Share' }, server));
    expect(own).toMatchObject({ message: expect.stringContaining(' to AuthorizationServers ended') });
    expect(own).not.toEqual(cluster);
  });
});

test.each([
  ['is not available', unavailable],
  ['permits no call', closed('AuthorizationServerPaused', 'The server asked for a pause.')],
] as const)('A server that %s is shown as it is, whatever the shares are', (_, server) => {
  const shares = { shortage: 'Share', isListFull: true, isCrowded: true } as const;
  expect(withinShares(server, CLUSTER, KEY, 'Register', contextWith(shares))).toBe(server);
});
