import { expect, test } from 'vitest';
import type { OAuthClient } from '../../src/api/oauth-client.ts';
import type { AuditEvent } from '../kit/testbed/audit-log.ts';
import { waitFigures, waysOf } from './phases/waits.ts';

const UID = '6f1c2b52-8d5e-4d0c-9a43-6f1f0c9d2a11';

const event = (timestamp: number, answeredAt: number, rest: Partial<AuditEvent>): AuditEvent => ({
  stage: 'ResponseComplete',
  user: 'somebody',
  verb: 'create',
  resource: 'secrets',
  subresource: undefined,
  namespace: 'shop',
  name: undefined,
  code: 201,
  timestamp,
  answeredAt,
  userAgent: '',
  uri: '',
  ...rest,
});

const ledger = { verb: 'update', resource: 'configmaps', name: 'oauth-registrar-ledger', code: 200 };
const EVENTS = [
  event(0, 10, { resource: 'oauthclients', name: 'one' }),
  event(5, 9, ledger),
  event(30, 42, ledger),
  event(50, 57, { name: `oac-${UID}-abc`, namespace: 'oauth-registrar-system' }),
  event(60, 66, { name: 'one-oauth' }),
  event(70, 85, { verb: 'update', resource: 'oauthclients', subresource: 'status', name: 'one', code: 200 }),
];

const client = (name: string) =>
  ({
    metadata: { namespace: 'shop', name, uid: UID },
    spec: { secret: { name: `${name}-oauth` } },
  }) as unknown as OAuthClient;

test('the way of a client is taken from the audit log, in parts', () => {
  expect(waysOf(EVENTS, [client('one')])).toEqual([
    { untilLedger: 20, ledger: 12, post: 8, recordWrite: 7, secretWrite: 6, statusWrite: 15, between: 7 },
  ]);
});

test('a client whose requests are not all in the log is left out', () => {
  expect(waysOf(EVENTS.slice(0, 4), [client('one')])).toEqual([]);
  expect(waitFigures('Live', EVENTS, [client('two')])).toEqual([]);
});
