import { describe, expect, test } from 'vitest';
import { toClientObject } from '../../../src/core/desired.ts';
import { isNewerFormat } from '../../../src/core/newer-version.ts';
import { clientOfNewerRecord, toRecord, toRegistrationSecret } from '../../../src/core/record.ts';
import { toServerObject } from '../../../src/core/server-object.ts';
import { summarize } from '../../../src/core/summarize.ts';
import { content } from '../../kit/fixtures/contents.ts';
import { NOW, object, observation, record } from '../../kit/fixtures/observations.ts';
import { issuer, open } from '../../kit/fixtures/server-objects.ts';

test.each([
  [undefined, false],
  ['1', false],
  [1, false],
  ['2', true],
  [2, true],
  ['1.5', true],
  ['v2', true],
  [{}, true],
])('format %j is newer: %j', (format, isNewer) => {
  expect(isNewerFormat(format)).toBe(isNewer);
});

describe('a registration Secret', () => {
  const { metadata, ...secret } = toRegistrationSecret(record(), content, 'operator');
  const withAnnotation = (name: string, value: string) => ({
    ...secret,
    metadata: {
      ...metadata,
      annotations: { ...metadata.annotations, [`oauth-registrar.dev/${name}`]: value },
    },
  });
  const withRole = (role: string) => ({
    ...secret,
    metadata: { ...metadata, labels: { ...metadata.labels, 'oauth-registrar.dev/role': role } },
  });

  test.each([
    ['of format 2', withAnnotation('format', '2')],
    ['with another role', withRole('archived')],
    ['of another kind of server', withAnnotation('server', 'FederatedServer/corporate')],
    ['with another deletion policy', withAnnotation('deletion-policy', 'Archive')],
  ])('%s is not read, and names its OAuthClient', (_, newer) => {
    expect(toRecord(newer)).toBeUndefined();
    expect(clientOfNewerRecord(newer)).toBe('shop/storefront');
  });

  test.each([
    ['of this version', { ...secret, metadata }],
    ['of format 1', withAnnotation('format', '1')],
  ])('%s is read', (_, own) => {
    expect(toRecord(own)).toMatchObject({ clientId: record().clientId });
    expect(clientOfNewerRecord(own)).toBeUndefined();
  });

  test('without an OAuthClient is damaged, of whatever version', () => {
    const damaged = {
      ...secret,
      metadata: { ...metadata, annotations: { 'oauth-registrar.dev/format': '2' } },
    };
    expect([toRecord(damaged), clientOfNewerRecord(damaged)]).toEqual([undefined, undefined]);
  });
});

describe('a value of an enum that this version does not know', () => {
  const ofClient = (spec: object) =>
    toClientObject({ metadata: { name: 'storefront', namespace: 'shop' }, spec }).observed.desired;

  test.each([
    ['of an OAuthClient', { client: {}, deletionPolicy: 'Archive' }, 'spec.deletionPolicy: '],
    ['of the Secret', { client: {}, secret: { format: 'Vault' } }, 'spec.secret.format: '],
  ])('%s is of a newer version', (_, spec, problem) => {
    const reason = 'WrittenByNewerVersion';
    expect(ofClient(spec)).toEqual({ valid: false, reason, problem: expect.stringContaining(problem) });
  });

  test('of a server object is of a newer version', () => {
    const raw = {
      metadata: { name: 'corporate' },
      spec: { issuer, registration: open, dialect: 'telepath' },
    };
    expect(toServerObject('ClusterAuthorizationServer', raw, { allowHttp: false })).toMatchObject({
      spec: undefined,
      problemReason: 'WrittenByNewerVersion',
      problem: expect.stringContaining('spec.dialect: '),
    });
  });

  test('that is missing, or no text, is invalid', () => {
    expect(ofClient({ client: {}, deletionPolicy: 7 })).not.toHaveProperty('reason');
    expect(
      toServerObject('ClusterAuthorizationServer', { metadata: { name: 'a' } }, { allowHttp: false }),
    ).not.toHaveProperty('problemReason');
  });
});

describe('status of an OAuthClient that a newer version wrote', () => {
  const reason = 'WrittenByNewerVersion';
  const summary = (status: 'True' | 'False', more: object = {}) => {
    const before = { lastTransitionTime: '2026-01-01T00:00:00Z', observedGeneration: 1 };
    const conditions = [
      { type: 'Ready', status, reason: 'Registered', message: '', ...before },
      {
        type: 'Verified',
        status: 'True' as const,
        reason: 'Verified',
        message: 'Of the newer version.',
        ...before,
      },
      { type: 'Reconciling', status: 'True' as const, reason: 'Queued', message: '', ...before },
    ];
    const seen = object({ status: { clientId: 'c1', secretName: 's', conditions, ...more } });
    const idle = { type: 'Idle', state: 'Stalled', reason, message: 'Why.' } as const;
    return summarize(observation({ object: seen, records: [], now: NOW }), seen, idle, undefined);
  };

  test.each(['True', 'False'] as const)('keeps Ready %s, and what else it said', (status) => {
    expect(summary(status)).toMatchObject({
      clientId: 'c1',
      secretName: 's',
      conditions: [
        { type: 'Ready', status, reason, message: 'Why.', lastTransitionTime: '2026-01-01T00:00:00Z' },
        { type: 'Verified', status: 'True', observedGeneration: 1 },
        { type: 'Stalled', status: 'True', reason },
      ],
    });
  });
});
