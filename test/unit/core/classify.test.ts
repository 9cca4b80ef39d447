import { describe, expect, test } from 'vitest';
import {
  classifyDeletion,
  classifyRead,
  classifyRegistration,
  classifyUpdate,
} from '../../../src/core/classify.ts';
import type { Failure, Verdict } from '../../../src/core/failure.ts';
import { viewersOf } from '../../../src/core/tell.ts';
import { effectiveDialect } from '../../../src/dialects/presets.ts';
import { rfc7591 } from '../../../src/dialects/rfc7591.ts';
import type { ErrorResponse } from '../../../src/oauth/error-response.ts';
import type { HttpOutcome } from '../../../src/oauth/http-message.ts';
import { Sensitive } from '../../../src/oauth/sensitive.ts';
import { answered } from '../../kit/fakes/fake-ports.ts';
import {
  answeredError,
  NOT_SENT,
  noAnswer,
  type OutcomeRow,
  verdictOf,
} from '../../kit/fixtures/outcomes.ts';

const NOW = Date.parse('2026-05-01T12:00:00Z');
const viewers = viewersOf('AuthorizationServer');
const context = { dialect: rfc7591, secrets: [new Sensitive('canary-token')], now: NOW, viewers };

/** The verdict, then the sentence: what a table can show. */
const said = (verdict: Verdict): readonly [string, string] => [
  verdictOf(verdict),
  verdict.kind === 'Done' ? '' : verdict.message,
];

const failureOf = (verdict: Verdict): Failure => {
  if (verdict.kind === 'Done') {
    throw new Error('no failure');
  }
  return verdict;
};

const orphan = 'Unknown RegistrationOutcomeUnknown trouble';
const unavailable = 'Unknown AuthorizationServerUnavailable trouble';
const timedOut = 'Unknown ResponseTimedOut trouble';
const noClientId = (status: number, why = 'not a JSON object') =>
  `The server answered ${status}, but without a readable client_id: it is ${why}`;
const OTHER = 'The server, or a proxy or firewall before it, answered';
const NO_JSON = 'with a body that is not a JSON object';
const coded = (status: number): HttpOutcome => ({
  kind: 'answered',
  status,
  headers: { 'content-type': 'application/json' },
  body: new Sensitive(''),
  unread: 'has the content coding zstd, which is not read',
});
const nested = `{"client_name":${'['.repeat(50_000)}${']'.repeat(50_000)}}`;

/** What each of the three means: [a POST, a PUT, a DELETE]. */
type Verdicts = readonly [post: string, put: string, remove: string];

const refused: Verdicts = [
  'Terminal RegistrationRefused',
  'Terminal RegistrationRefused',
  'Transient DeletionUnconfirmed',
];
const refusedFor = (reason: string): Verdicts => [`Terminal ${reason}`, `Terminal ${reason}`, refused[2]];
const unclear: Verdicts = [orphan, unavailable, unavailable];
const passing = (reason: string): Verdicts => {
  const verdict = `Transient ${reason} trouble`;
  return [verdict, verdict, verdict];
};
const noToken: Verdicts = [
  'TokenRefused AdmissionRefused',
  'TokenRefused AdmissionRefused',
  'TokenRefused AdmissionRefused',
];

const verdictsOf = (outcome: HttpOutcome) =>
  [classifyRegistration, classifyUpdate, classifyDeletion].map((classify) =>
    said(classify(outcome, context)),
  );
const saying = (verdicts: Verdicts, message: string) => verdicts.map((verdict) => [verdict, message]);

describe('An answer to a POST, a PUT and a DELETE is classified', () => {
  test.each<readonly [number, Verdicts]>([
    [400, refused],
    [401, noToken],
    [403, refused],
    [
      404,
      [
        'Terminal RegistrationNotSupported',
        'NotFound RegistrationAccessTokenLost',
        'NotFound DeletionUnconfirmed',
      ],
    ],
    [
      405,
      [
        'Terminal RegistrationNotSupported',
        'Unsupported UpdateUnsupported',
        'Unsupported DeletionUnsupported',
      ],
    ],
    [408, unclear],
    [409, refused],
    [413, refused],
    [415, refused],
    [500, unclear],
    [
      501,
      [
        'Transient AuthorizationServerUnavailable trouble',
        'Unsupported UpdateUnsupported',
        'Unsupported DeletionUnsupported',
      ],
    ],
    [502, unclear],
    [503, passing('AuthorizationServerUnavailable')],
    [504, unclear],
    [507, unclear],
  ])('by its status: %i', (status, verdicts) => {
    expect(verdictsOf(answered(status))).toEqual(saying(verdicts, `The server answered status ${status}`));
  });

  test('by its status: 429', () => {
    const message = 'The server answered status 429';
    expect(verdictsOf(answered(429))).toEqual(saying(passing('RateLimited'), message));
  });

  test.each<readonly [number, string, Verdicts]>([
    [400, 'invalid_redirect_uri', refusedFor('InvalidRedirectURI')],
    [400, 'invalid_client_metadata', refusedFor('InvalidClientMetadata')],
    [400, 'invalid_software_statement', refusedFor('InvalidSoftwareStatement')],
    [400, 'unapproved_software_statement', refusedFor('UnapprovedSoftwareStatement')],
    [400, 'The request is wrong', refused],
    [400, 'constructor', refused],
    [400, 'invalid_token', noToken],
    [400, 'access_denied', noToken],
    [403, 'insufficient_scope', noToken],
    [500, 'server_error', unclear],
  ])('by its status and error (rule 46): %i %s', (status, error, verdicts) => {
    expect(verdictsOf(answeredError(status, error))).toEqual(
      saying(verdicts, `The server answered ${status} ${error}`),
    );
  });
});

describe('classifyRegistration', () => {
  test.each<OutcomeRow>([
    ...NOT_SENT,
    ['a timeout', noAnswer('Timeout'), timedOut, 'No answer in time: 30 s'],
    ['a lost connection', noAnswer('ConnectionLost'), orphan, 'No complete answer: 30 s'],
    [
      'an answer too large',
      noAnswer('ResponseTooLarge', 201),
      'Unknown ResponseTooLarge trouble',
      'No complete answer: 30 s',
    ],
    [
      'an answer that broke off',
      noAnswer('ConnectionLost', 201, '{"client_na'),
      'Unknown ResponseTruncated trouble',
      'No complete answer: 30 s',
    ],
    [
      'an answer that broke off after the client was named',
      noAnswer('ConnectionLost', 201, '{"client_id":"c1","client_na'),
      'Unknown ResponseTruncated trouble',
      'No complete answer: 30 s; it names client c1',
    ],
    ['201 with a client', answered(201, { client_id: 'c1' }), 'Done c1', ''],
    ['rule 9: 200 with a client', answered(200, { client_id: 'c1', odd: null }), 'Done c1', ''],
    ['202 with a client', answered(202, { client_id: 'c1' }), 'Done c1', ''],
    [
      '201 with HTML',
      answered(201, '<html>'),
      'TokenRefused ResponseNotJSON',
      `${OTHER} status 201 ${NO_JSON}`,
    ],
    ['201 with text', answered(201, 'OK'), 'Unknown ResponseNotJSON trouble', noClientId(201)],
    [
      '201 with a body that could not be decoded',
      coded(201),
      'Unknown ResponseNotJSON trouble',
      'The server answered status 201 whose body has the content coding zstd, which is not read',
    ],
    [
      '200 with an error',
      answeredError(200, 'access_denied', 'not for this tenant'),
      'TokenRefused AdmissionRefused',
      'The server answered 200 access_denied: not for this tenant',
    ],
    [
      "200 with an error of the server's own",
      answered(200, { success: false, message: 'not for this tenant' }),
      'Terminal RegistrationRefused',
      'The server answered status 200: not for this tenant',
    ],
    [
      '200 with an error that passes',
      answeredError(200, 'temporarily_unavailable'),
      'Transient AuthorizationServerUnavailable trouble',
      'The server answered 200 temporarily_unavailable',
    ],
    [
      '202 without a client',
      answered(202, { message: 'A person has to approve it' }),
      'Transient RegistrationPending',
      'The server answered status 202: A person has to approve it',
    ],
    ['202 without a body', answered(202), 'Transient RegistrationPending', 'The server answered status 202'],
    [
      '200 with a client that waits for approval',
      answered(200, { status: 'pending_approval' }),
      'Transient RegistrationPending',
      'The server answered status 200',
    ],
    [
      '201 without client_id',
      answered(201, { client_name: 'x' }),
      'Unknown ResponseNotJSON trouble',
      'The server answered 201, but without a client_id',
    ],
    [
      '201 with a torn body',
      answered(201, '{"client_id":"c'),
      'Unknown ResponseTruncated trouble',
      noClientId(201, 'JSON that is cut off'),
    ],
    [
      '201 with a body torn after the client was named',
      answered(201, '{"client_id":"c1","x":"c'),
      'Unknown ResponseTruncated trouble',
      'The server answered 201 with JSON that is cut off; it names client c1',
    ],
    [
      '201 with JSON nested 50,000 deep',
      answered(201, nested),
      'Unknown ResponseTooDeep trouble',
      noClientId(201, 'JSON that nests too deep'),
    ],
    ['204', answered(204), 'Unknown ResponseNotJSON trouble', noClientId(204)],
    ['500', answered(500, '<html>stack trace</html>'), orphan, `The server answered status 500 ${NO_JSON}`],
    [
      'a redirect',
      answered(302, '', { location: 'https://login.example.com/secret?path=1' }),
      'Terminal RedirectRefused',
      'The server answered status 302 (a redirect to https://login.example.com; redirects are not followed)',
    ],
    [
      'a redirect without an address that can be read',
      answered(308, '', { location: '/login' }),
      'Terminal RedirectRefused',
      'The server answered status 308 (a redirect; redirects are not followed)',
    ],
    [
      '400 in HTML',
      answered(400, '<html>'),
      'Transient ResponseNotJSON trouble',
      `${OTHER} status 400 ${NO_JSON}`,
    ],
    [
      '403 in a JSON list',
      answered(403, '["blocked"]', { 'content-type': 'application/json' }),
      'Transient ResponseNotJSON trouble',
      `${OTHER} status 403 with application/json that is not a JSON object`,
    ],
    [
      '401 in text',
      answered(401, 'Unauthorized', { 'content-type': 'text/plain' }),
      'Transient ResponseNotJSON trouble',
      `${OTHER} status 401 with text/plain`,
    ],
    [
      '403 in HTML, whose end was not read',
      { ...noAnswer('ConnectionLost', 403), headers: { 'content-type': 'text/html' } } as HttpOutcome,
      'Transient ResponseNotJSON trouble',
      `${OTHER} status 403 with text/html, and its body was not read: 30 s`,
    ],
    [
      '400 in JSON that could not be decoded',
      coded(400),
      'Terminal RegistrationRefused',
      'The server answered status 400 whose body has the content coding zstd, which is not read',
    ],
    [
      '400 that passes',
      answeredError(400, 'temporarily_unavailable'),
      'Transient AuthorizationServerUnavailable trouble',
      'The server answered 400 temporarily_unavailable',
    ],
    [
      '400 invalid_redirect_uri',
      answeredError(400, 'invalid_redirect_uri', 'no fragment'),
      'Terminal InvalidRedirectURI',
      'The server answered 400 invalid_redirect_uri: no fragment',
    ],
    [
      '401 with a challenge',
      answered(401, '', { 'www-authenticate': 'Bearer error="invalid_token", error_description="expired"' }),
      'TokenRefused AdmissionRefused',
      'The server answered 401 invalid_token: expired',
    ],
    [
      '422 with a client_id',
      answered(422, { client_id: 'c1' }),
      'Terminal RegistrationRefused',
      'The server answered status 422',
    ],
    [
      '400 whose body was too large',
      noAnswer('ResponseTooLarge', 400),
      'Terminal RegistrationRefused',
      'The server answered status 400, and its body was not read: 30 s',
    ],
    [
      '401 whose body was cut off',
      noAnswer('ConnectionLost', 401),
      'TokenRefused AdmissionRefused',
      'The server answered status 401, and its body was not read: 30 s',
    ],
    ['500 whose body was cut off', noAnswer('ConnectionLost', 500), orphan, 'No complete answer: 30 s'],
  ])('classifies %s', (_, outcome, verdict, message) => {
    expect(said(classifyRegistration(outcome, context))).toEqual([verdict, message]);
  });

  test('counts the end of a secret from the time at the server', () => {
    const behindMs = 2 * 86_400_000;
    const end = (NOW - behindMs) / 1000 + 3600;
    const body = { client_id: 'c1', client_secret: 's', client_secret_expires_at: end };
    const date = new Date(NOW - behindMs).toUTCString();
    const outcome = { ...answered(201, body), headers: { 'content-type': 'application/json', date } };
    for (const classify of [classifyRegistration, classifyUpdate, classifyRead]) {
      expect(classify(outcome, context)).toMatchObject({
        kind: 'Done',
        information: { clientSecretExpiresAt: NOW / 1000 + 3600 },
      });
    }
  });

  test('believes the dialect about statuses that prove that nothing was created', () => {
    const dialect = { ...rfc7591, notCreatedStatuses: [500] };
    expect(classifyRegistration(answered(500), { ...context, dialect }).kind).toBe('Terminal');
    expect(classifyRegistration(answered(503), { ...context, dialect }).kind).toBe('Unknown');
  });

  test("masks in the server's words what was sent", () => {
    const verdict = classifyRegistration(answeredError(400, 'bad', 'got canary-token'), context);
    expect(said(verdict)[1]).toBe('The server answered 400 bad: got [redacted]');
  });
});

describe('P27, P42: a refusal that puts the address in doubt names the call, without its query', () => {
  const call = { method: 'POST', url: 'https://as.example//reg?key=canary' } as const;
  const REG = 'https://as.example//reg';
  const redirect = (location: string) => answered(307, '', { location });
  const followed = (target: string) =>
    `The server answered status 307 (a redirect to ${target}; redirects are not followed) (POST ${REG})`;

  test.each<readonly [string, HttpOutcome, string]>([
    ['404', answered(404), `The server answered status 404 (POST ${REG})`],
    ['405', answered(405), `The server answered status 405 (POST ${REG})`],
    [
      'words that end as a sentence',
      answered(404, '{"error":"not_found","error_description":"Registration is off."}'),
      `The server answered 404 not_found: Registration is off (POST ${REG})`,
    ],
    [
      'HTML',
      answered(403, '<html>', { 'content-type': 'text/html; charset=utf-8' }),
      `${OTHER} status 403 with text/html (POST ${REG})`,
    ],
    [
      'a slash that is added',
      redirect(`${REG}/?state=canary`),
      followed(`${REG}/, which differs by a slash at the end`),
    ],
    [
      'the same address',
      redirect('?step=2'),
      followed(`${REG}, the address that was called: what is between may want a cookie or a login`),
    ],
    ['a relative target', redirect('/register'), followed('https://as.example/register')],
    [
      'another host',
      redirect('https://user:canary@other.example/reg#canary'),
      followed('https://other.example, another host or port'),
    ],
    ['another scheme', redirect('http://as.example//reg'), followed('http://as.example, another scheme')],
    [
      'a login page',
      redirect('https://sso.example/login?next=canary'),
      followed('https://sso.example, perhaps a login page'),
    ],
  ])('%s', (_, outcome, message) => {
    const owner = failureOf(classifyRegistration(outcome, { ...context, call }));
    expect([owner.message, owner.detail]).toEqual([message, undefined]);
    const cluster = viewersOf('ClusterAuthorizationServer');
    const tenant = failureOf(classifyRegistration(outcome, { ...context, call, viewers: cluster }));
    expect(tenant.message).not.toMatch(/https?:/);
    expect(tenant.detail).toBe(message);
  });

  test.each([classifyUpdate, classifyDeletion])('of an update and a deletion, too: %o', (classify) => {
    expect(failureOf(classify(answered(404), { ...context, call })).message).toContain(`(POST ${REG})`);
  });

  test('any other refusal names it to those who read the server object', () => {
    const { message, detail } = failureOf(classifyRegistration(answered(400, {}), { ...context, call }));
    expect([message, detail]).toEqual([
      'The server answered status 400',
      `The server answered status 400 (POST ${REG})`,
    ]);
  });
});

describe('classifyUpdate', () => {
  test.each<OutcomeRow>([
    ...NOT_SENT,
    ['a timeout', noAnswer('Timeout'), timedOut, 'No answer in time: 30 s'],
    ['200 with the client', answered(200, { client_id: 'c1' }), 'Done c1', ''],
    ['204', answered(204), 'Done -', ''],
    ['200 with HTML', answered(200, '<html>'), 'Unknown ResponseNotJSON', `${OTHER} status 200 ${NO_JSON}`],
    [
      '404 in HTML',
      answered(404, '<html>'),
      'Transient ResponseNotJSON trouble',
      `${OTHER} status 404 ${NO_JSON}`,
    ],
    [
      '405 in text',
      answered(405, 'No'),
      'Transient ResponseNotJSON trouble',
      `${OTHER} status 405 ${NO_JSON}`,
    ],
    [
      '401 in HTML',
      answered(401, '<html>'),
      'Transient ResponseNotJSON trouble',
      `${OTHER} status 401 ${NO_JSON}`,
    ],
    ['502 in HTML', answered(502, '<html>'), unavailable, `The server answered status 502 ${NO_JSON}`],
    [
      '200 with an error',
      answeredError(200, 'invalid_client_metadata', 'no'),
      'Terminal InvalidClientMetadata',
      'The server answered 200 invalid_client_metadata: no',
    ],
    [
      '202 without a client',
      answered(202, {}),
      'Transient RegistrationPending',
      'The server answered status 202',
    ],
    [
      'a redirect',
      answered(301),
      'Terminal RedirectRefused',
      'The server answered status 301 (a redirect; redirects are not followed)',
    ],
  ])('classifies %s', (_, outcome, verdict, message) => {
    expect(said(classifyUpdate(outcome, context))).toEqual([verdict, message]);
  });
});

describe('classifyRead', () => {
  test.each<OutcomeRow>([
    ['200 with the client', answered(200, { client_id: 'c1' }), 'Done c1', ''],
    ['204', answered(204), 'Unknown ResponseNotJSON', 'The server answered a read without the client'],
    [
      '200 without a client',
      answered(200, {}),
      'Unknown ResponseNotJSON',
      'The server answered 200, but without a client_id',
    ],
    ['404', answered(404), 'NotFound RegistrationAccessTokenLost', 'The server answered status 404'],
  ])('classifies %s', (_, outcome, verdict, message) => {
    expect(said(classifyRead(outcome, context))).toEqual([verdict, message]);
  });
});

describe('classifyDeletion', () => {
  test.each<OutcomeRow>([
    ...NOT_SENT,
    ['a timeout', noAnswer('Timeout'), timedOut, 'No answer in time: 30 s'],
    ['204', answered(204), 'Done -', ''],
    ['200 with text', answered(200, 'OK'), 'Done -', ''],
    ['200 with JSON', answered(200, { message: 'gone' }), 'Done -', ''],
    [
      '200 with HTML, which may be a login page',
      answered(200, '<html>'),
      'Unknown DeletionUnconfirmed',
      `${OTHER} status 200 ${NO_JSON}`,
    ],
    [
      '200 with an error',
      answered(200, { error: 'not_found' }),
      'Transient DeletionUnconfirmed',
      'The server answered 200 not_found',
    ],
    [
      '404 in HTML',
      answered(404, '<html>'),
      'Transient ResponseNotJSON trouble',
      `${OTHER} status 404 ${NO_JSON}`,
    ],
    ['202', answered(202), 'Transient DeletionUnconfirmed', 'The server answered status 202'],
    [
      'a redirect',
      answered(302),
      'Transient DeletionUnconfirmed',
      'The server answered status 302 (a redirect; redirects are not followed)',
    ],
  ])('classifies %s', (_, outcome, verdict, message) => {
    expect(said(classifyDeletion(outcome, context))).toEqual([verdict, message]);
  });
});

describe('an answer that was cut off', () => {
  const torn = '{"client_id":"c1","registration_access_token":"t1","client_name":"Sh';
  const cut = (
    reason: 'Timeout' | 'ConnectionLost' | 'ResponseTooLarge',
    received: string | undefined,
    status = 201,
  ): HttpOutcome => ({
    kind: 'noAnswer',
    reason,
    status,
    detail: 'after 20 bytes',
    ...(received === undefined ? {} : { received: new Sensitive(received) }),
  });
  const names = '; it names client c1';

  test.each<readonly [string, HttpOutcome, string, string]>([
    [
      'by the connection',
      cut('ConnectionLost', torn),
      'Unknown ResponseTruncated trouble',
      `No complete answer: after 20 bytes${names}`,
    ],
    [
      'by the time it took',
      cut('Timeout', torn),
      'Unknown ResponseTimedOut trouble',
      `No answer in time: after 20 bytes${names}`,
    ],
    [
      'by its size',
      cut('ResponseTooLarge', torn),
      'Unknown ResponseTooLarge trouble',
      `No complete answer: after 20 bytes${names}`,
    ],
    [
      'by the server itself',
      answered(201, torn),
      'Unknown ResponseTruncated trouble',
      `The server answered 201 with JSON that is cut off${names}`,
    ],
  ])('keeps what was read of the client, cut off %s (rule 11)', (_, outcome, verdict, message) => {
    const failed = failureOf(classifyRegistration(outcome, context));
    expect(said(failed)).toEqual([verdict, message]);
    expect(failed.partial).toMatchObject({ clientId: 'c1', metadata: {} });
    expect(failed.partial?.registrationAccessToken?.reveal()).toBe('t1');
  });

  test.each<readonly [string, HttpOutcome, string]>([
    ['nothing had arrived', cut('ConnectionLost', undefined), 'Unknown RegistrationOutcomeUnknown trouble'],
    ['the client_id had not', cut('ConnectionLost', '{"client_id":"c'), 'Unknown ResponseTruncated trouble'],
    ['it was none', cut('ConnectionLost', '<html>'), 'Unknown ResponseTruncated trouble'],
  ])('is reported as lost if %s', (_, outcome, verdict) => {
    const failed = failureOf(classifyRegistration(outcome, context));
    expect(said(failed)).toEqual([verdict, 'No complete answer: after 20 bytes']);
    expect(failed.partial).toBeUndefined();
  });

  test("keeps of an update's what may be new (rule 20)", () => {
    const failed = failureOf(classifyUpdate(answered(200, torn), context));
    expect(said(failed)).toEqual([
      'Unknown ResponseTruncated',
      `The server answered 200 with JSON that is cut off${names}`,
    ]);
    expect(failed.partial?.registrationAccessToken?.reveal()).toBe('t1');
  });

  test('masks what was sent in the client_id that it names', () => {
    const echo = '{"client_id":"canary-token","a';
    expect(said(classifyRegistration(answered(201, echo), context))[1]).toMatch(/names client \[redacted\]$/);
  });

  test.each([200, 204])('of a deletion with %i tells that it was done', (status) => {
    expect(said(classifyDeletion(cut('ConnectionLost', '{"a', status), context))).toEqual(['Done -', '']);
  });

  test.each<readonly [number, string, string]>([
    [404, 'NotFound RegistrationAccessTokenLost', 'The server answered status 404'],
    [405, 'Unsupported UpdateUnsupported', 'The server answered status 405'],
    [401, 'TokenRefused AdmissionRefused', 'The server answered status 401'],
  ])('of an update with %i is classified by its status', (status, verdict, message) => {
    expect(said(classifyUpdate(cut('ConnectionLost', undefined, status), context))).toEqual([
      verdict,
      `${message}, and its body was not read: after 20 bytes`,
    ]);
  });
});

describe('a hint', () => {
  const hint = ({ status, error }: ErrorResponse) =>
    status === 400 && error === undefined ? undefined : `Do this about ${status}.`;
  const hinted = { ...context, hint };
  const words = (outcome: HttpOutcome) => said(classifyRegistration(outcome, hinted))[1];

  test.each<readonly [string, HttpOutcome, string]>([
    [
      'refused metadata',
      answeredError(400, 'invalid_client_metadata'),
      'The server answered 400 invalid_client_metadata. Do this about 400.',
    ],
    [
      'words that end in a full stop',
      answeredError(400, 'bad', 'No.'),
      'The server answered 400 bad: No. Do this about 400.',
    ],
    ['a refused token', answered(401), 'The server answered status 401. Do this about 401.'],
    [
      'a pause',
      answered(501, '', { 'retry-after': '30' }),
      'The server answered status 501. Do this about 501.',
    ],
    [
      'a redirect',
      answered(302),
      'The server answered status 302 (a redirect; redirects are not followed). Do this about 302.',
    ],
    [
      'a body that was not read',
      noAnswer('ResponseTooLarge', 403),
      'The server answered status 403, and its body was not read: 30 s. Do this about 403.',
    ],
  ])('comes last, after the whole description of %s (rule 42)', (_, outcome, message) => {
    expect(words(outcome)).toBe(message);
  });

  test('is not given where nothing helps', () => {
    expect(words(answered(400, {}))).toBe('The server answered status 400');
    expect(words(answered(403, '<html>'))).toBe(`${OTHER} status 403 ${NO_JSON}`);
  });

  test('changes nothing of what the answer means', () => {
    const outcome = answeredError(401, 'invalid_token');
    const { message: _, ...bare } = failureOf(classifyRegistration(outcome, context));
    expect(classifyRegistration(outcome, hinted)).toMatchObject(bare);
  });

  test('is given for updates too', () => {
    expect(said(classifyUpdate(answeredError(400, 'x'), hinted))[1]).toBe(
      'The server answered 400 x. Do this about 400.',
    );
  });
});

describe('a dialect', () => {
  test('takes a 403 for what its server means by it (rule 36)', () => {
    const keycloak = { ...context, dialect: effectiveDialect('keycloak') };
    const policy = answered(403, {
      error: 'insufficient_scope',
      error_description: "Policy 'Trusted Hosts' rejected request",
    });
    expect(said(classifyRegistration(policy, keycloak))).toEqual([
      'Terminal RegistrationRefused',
      "The server answered 403 insufficient_scope: Policy 'Trusted Hosts' rejected request",
    ]);
    expect(said(classifyRegistration(policy, context))[0]).toBe('TokenRefused AdmissionRefused');
  });
});

describe('a refused registration access token', () => {
  test.each([
    ['401', answered(401)],
    ['403 insufficient_scope', answeredError(403, 'insufficient_scope')],
    ['400 invalid_token', answeredError(400, 'invalid_token')],
  ])('is distinguished from refused metadata when %s is the answer', (_, outcome) => {
    for (const classify of [classifyUpdate, classifyDeletion]) {
      expect(failureOf(classify(outcome, context))).toMatchObject({
        kind: 'TokenRefused',
        serverTrouble: false,
      });
    }
  });
});

describe('Retry-After', () => {
  const retryAfter = (value: string, status = 429) =>
    failureOf(classifyRegistration(answered(status, '', { 'retry-after': value }), context)).retryAfterMs;

  test.each([
    ['seconds', '120', 120_000],
    ['none', '0', 0],
    ['more than an hour', '86400', 3_600_000],
    ['a number without end', '9'.repeat(400), 3_600_000],
    ['a date', 'Fri, 01 May 2026 12:02:00 GMT', 120_000],
    ['a date that is past', 'Fri, 01 May 2026 11:00:00 GMT', 0],
    ['a fraction', '12.5', 12_500],
    ['two values, of which the longer counts', '120, 60', 120_000],
    ['the old form of a date', 'Friday, 01-May-26 12:02:00 GMT', 120_000],
    ['what can not be read', 'soon', 30_000],
    ['a negative number', '-1', 30_000],
    ['what only looks like a year', '45.2s', 30_000],
    ['nothing', '', 30_000],
  ])('gives %s', (_, value, ms) => {
    expect(retryAfter(value)).toBe(ms);
    expect(retryAfter(value, 503)).toBe(ms);
  });

  test('is half a minute where the server says nothing', () => {
    expect(failureOf(classifyRegistration(answered(429), context)).retryAfterMs).toBe(30_000);
  });

  test.each([
    ['an update', classifyUpdate],
    ['a deletion', classifyDeletion],
  ])('is honoured when %s is answered with 503', (_, classify) => {
    const verdict = classify(answered(503, '', { 'retry-after': '120' }), context);
    expect(failureOf(verdict).retryAfterMs).toBe(120_000);
  });
});
