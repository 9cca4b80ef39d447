import { describe, expect, test } from 'vitest';
import type { ServerKind } from '../../../src/api/authorization-server.ts';
import { ServerRegistry } from '../../../src/controller/state/server-registry.ts';
import { ServerTelling } from '../../../src/controller/state/server-telling.ts';
import { classifyRegistration } from '../../../src/core/classify.ts';
import { storedClientKey } from '../../../src/core/client-key.ts';
import { type Failure, failure } from '../../../src/core/failure.ts';
import { HEALTHY, type HealthCall } from '../../../src/core/server-health.ts';
import { storedServerKey } from '../../../src/core/server-key.ts';
import { summarizeServer } from '../../../src/core/summarize-server.ts';
import { tellOnly, viewersOf } from '../../../src/core/tell.ts';
import { type Fact, MAY_SEE, objectViewerOf, type Viewer } from '../../../src/core/viewers.ts';
import { rfc7591 } from '../../../src/dialects/rfc7591.ts';
import type { HttpOutcome } from '../../../src/oauth/http-message.ts';
import { Sensitive } from '../../../src/oauth/sensitive.ts';
import { createFakeClock, createRecordingLog } from '../../kit/fakes/fake-clock.ts';
import { objectOf, open } from '../../kit/fixtures/server-objects.ts';

const CALL = { method: 'POST', url: 'https://keycloak.sso.svc/clients?token=canary' } as const;

const answered = (status: number, error: string, words: string, headers = {}): HttpOutcome => ({
  kind: 'answered',
  status,
  headers,
  body: new Sensitive(JSON.stringify({ error, error_description: words })),
});
const notSent = (detail: string, why?: string): HttpOutcome => ({
  kind: 'notSent',
  reason: why === undefined ? 'ConnectFailed' : 'AddressRefused',
  detail,
  ...(why === undefined ? {} : { why }),
});

/** What a failed registration is told as, with the client's object and with the server object. */
function told(kind: ServerKind, outcome: HttpOutcome): Failure {
  const verdict = classifyRegistration(outcome, {
    dialect: rfc7591,
    secrets: [],
    now: 0,
    hint: ({ status }) => (status === 401 ? 'MARK-hint' : undefined),
    viewers: viewersOf(kind),
    call: CALL,
  });
  if (verdict.kind === 'Done') {
    throw new Error('no failure');
  }
  return verdict;
}

/** Everything that one viewer reads. */
const READ_BY: Readonly<Record<Viewer, (outcome: HttpOutcome) => string>> = {
  ClusterTenant: (outcome) => told('ClusterAuthorizationServer', outcome).message,
  NamespaceOwner: (outcome) => {
    const { message, detail = '' } = told('AuthorizationServer', outcome);
    return `${message} | ${detail}`;
  },
  Platform: (outcome) => {
    const { message, detail = message } = told('ClusterAuthorizationServer', outcome);
    return detail;
  },
  Log: (outcome) => {
    const log = createRecordingLog();
    const telling = new ServerTelling({ clock: createFakeClock(), log });
    const call = { kind: 'Register', client: storedClientKey('shop/web') } as HealthCall;
    telling.log(storedServerKey('key'), call, told('ClusterAuthorizationServer', outcome));
    return log.lines.join('\n');
  },
};

/** Where each fact shows, and by what it is known. */
const EXAMPLES: Readonly<Record<Exclude<Fact, 'Credential'>, readonly (readonly [HttpOutcome, string])[]>> = {
  StatusCode: [
    [answered(418, 'invalid_request', 'x'), '418'],
    [answered(500, 'x', 'x'), '500'],
  ],
  ErrorCode: [
    [answered(403, 'insufficient_scope', 'x'), 'insufficient_scope'],
    [answered(401, 'invalid_token', 'x'), 'invalid_token'],
    [answered(400, 'invalid_client_metadata', 'x'), 'invalid_client_metadata'],
  ],
  MetadataWords: [
    [answered(400, 'invalid_redirect_uri', 'MARK'), 'MARK'],
    [answered(400, 'invalid_client_metadata', 'MARK'), 'MARK'],
    [answered(400, 'invalid_software_statement', 'MARK'), 'MARK'],
    [answered(400, 'unapproved_software_statement', 'MARK'), 'MARK'],
  ],
  AdmissionWords: [
    [answered(401, 'invalid_token', 'MARK'), 'MARK'],
    [answered(401, 'x', 'x'), 'MARK-hint'],
    [answered(403, 'invalid_token', 'MARK'), 'MARK'],
  ],
  OtherWords: [
    [answered(403, 'access_denied_MARK', 'x'), 'MARK'],
    [answered(403, 'insufficient_scope', 'MARK'), 'MARK'],
    [answered(400, 'invalid_request', 'MARK'), 'MARK'],
    [answered(500, 'server_error', 'MARK'), 'MARK'],
    [answered(503, 'MARK', ''), 'MARK'],
    [answered(422, 'invalid_client_metadata', 'MARK'), 'MARK'],
    [answered(404, 'MARK', ''), 'MARK'],
  ],
  Call: [
    [answered(500, 'x', 'x'), 'POST https://keycloak.sso.svc/clients'],
    [notSent('no connection'), 'POST https://keycloak.sso.svc/clients'],
  ],
  Connection: [
    [notSent('no connection to MARK:8443'), 'MARK'],
    [{ kind: 'noAnswer', reason: 'Timeout', detail: 'no complete answer from MARK' }, 'MARK'],
    [{ kind: 'noAnswer', reason: 'ConnectionLost', status: 403, detail: 'MARK' }, 'MARK'],
    [answered(302, 'x', '', { location: 'https://mark.example/' }), 'mark.example'],
  ],
  AddressRefusal: [[notSent("isn't permitted here", '10.96.0.1 is MARK; --allow-addresses'), 'MARK']],
  PlatformProxy: [[notSent("the platform's proxy made no connection", 'the proxy MARK:3128'), 'MARK']],
};

const PROBLEM = { reason: 'CredentialKeyMissing', message: 'Secret oauth/MARK has no key "token".' } as const;

const viewers = Object.keys(READ_BY) as Viewer[];
const ROWS = Object.entries(EXAMPLES).flatMap(([fact, examples]) =>
  viewers.flatMap((viewer) =>
    examples.map(([outcome, mark]) => [fact as Fact, viewer, mark, outcome] as const),
  ),
);

describe('M6, L12: who sees what of a call', () => {
  test.each(ROWS)('%s, read by %s: %s', (fact, viewer, mark, outcome) => {
    const text = READ_BY[viewer](outcome);
    expect(text.includes(mark), text).toBe(MAY_SEE[fact][viewer]);
    expect(text).not.toContain('canary');
  });

  test('every fact of the table has examples', () => {
    expect([...Object.keys(EXAMPLES), 'Credential'].sort()).toEqual(Object.keys(MAY_SEE).sort());
  });

  test.each([
    ['ClusterAuthorizationServer', MAY_SEE.Credential.ClusterTenant],
    ['AuthorizationServer', MAY_SEE.Credential.NamespaceOwner],
  ] as const)('Credential, of a %s that is not ready, by those who read its clients: %s', (kind, isSeen) => {
    const servers = new ServerRegistry({
      clock: createFakeClock(),
      wake: () => undefined,
      changed: () => undefined,
      concernsRegistered: () => undefined,
      namespacesAt: () => 1,
      log: { warn: () => undefined },
    });
    servers.set(storedServerKey('key'), {
      connection: undefined,
      problem: PROBLEM,
      endpoints: undefined,
      management: 'Unknown',
      admissionAccepted: false,
      registered: undefined,
      signingKeys: undefined,
      suspended: false,
    });
    const view = servers.view(storedServerKey('key'), { kind, name: 'sso' }, 'Register', {
      namespace: 'shop',
      client: storedClientKey('a'),
    });
    const text = view.available ? '' : view.message;
    expect(text.includes('MARK')).toBe(isSeen);
    expect(text).toContain(`${kind} sso`);
  });

  test.each([
    ['ClusterAuthorizationServer', 'Platform'],
    ['AuthorizationServer', 'NamespaceOwner'],
  ] as const)('Credential, in the status of a %s, read by %s', (kind, viewer) => {
    const { conditions = [] } = summarizeServer({
      object: objectOf({ issuer: 'https://sso.example.com', registration: open }),
      endpoints: undefined,
      problem: PROBLEM,
      health: HEALTHY,
      management: 'Unknown',
      admissionAccepted: false,
      registeredIssuer: undefined,
      effectiveDialect: undefined,
      signingKeys: undefined,
      counts: { clients: 0, suspectedOrphans: 0, owed: 0, leftBehind: 0 },
      now: '2026-05-01T12:00:00Z',
    });
    expect(objectViewerOf(kind)).toBe(viewer);
    expect(JSON.stringify(conditions).includes('MARK')).toBe(MAY_SEE.Credential[viewer]);
  });

  test('Credential, in the log: a call that is not sent for want of it', () => {
    const log = createRecordingLog();
    const telling = new ServerTelling({ clock: createFakeClock(), log });
    const { client, object } = viewersOf('ClusterAuthorizationServer');
    const told = tellOnly('Credential', PROBLEM.message, 'It is not ready.');
    const words = { message: told(client), detail: told(object) };
    const call = { kind: 'Register', client: storedClientKey('shop/web') } as HealthCall;
    telling.log(storedServerKey('key'), call, failure('Transient', PROBLEM.reason, words));
    expect(log.lines.join('').includes('MARK')).toBe(MAY_SEE.Credential.Log);
  });
});
