import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { classifyDeletion, classifyRegistration, classifyUpdate } from '../../../src/core/classify.ts';
import type { Failure, Verdict } from '../../../src/core/failure.ts';
import type { ClassifyOptions } from '../../../src/core/refusal.ts';
import { viewersOf } from '../../../src/core/tell.ts';
import { DIALECT_NAMES, effectiveDialect, hintOf } from '../../../src/dialects/presets.ts';
import { bodyForm } from '../../../src/oauth/body-form.ts';
import { isComplete, mergeDiscovery, readDiscoveryAnswer } from '../../../src/oauth/discovery.ts';
import { describeError, presentable, readErrorResponse } from '../../../src/oauth/error-response.ts';
import { saysError } from '../../../src/oauth/error-words.ts';
import type { HttpOutcome } from '../../../src/oauth/http-message.ts';
import { parseJsonObject } from '../../../src/oauth/json.ts';
import { Sensitive } from '../../../src/oauth/sensitive.ts';
import { readTokenResponse } from '../../../src/oauth/token-response.ts';
import { urlProblem } from '../../../src/oauth/url.ts';
import { answerWith, anyBody, bodyOf, jsonObject, outcome, secretText, text } from './arbitraries.ts';
import { check } from './check.ts';
import { CANARY, DISCOVERY, ERRORS, TOKENS } from './corpus.ts';
import { expectPresentable } from './messages.ts';

/** For any answer: it is read without an error, its result is unambiguous, and no message shows what it must not. */

const NOW = Date.parse('2026-05-01T12:00:00Z');

const secrets = fc.array(
  secretText.map((content) => new Sensitive(content)),
  { maxLength: 4 },
);

const kind = fc.constantFrom('AuthorizationServer', 'ClusterAuthorizationServer');
const context: fc.Arbitrary<ClassifyOptions> = fc
  .record({ dialect: fc.constantFrom(...DIALECT_NAMES), secrets, sent: jsonObject, kind })
  .map(({ dialect, secrets: held, sent, kind: of }) => ({
    viewers: viewersOf(of),
    dialect: effectiveDialect(dialect),
    secrets: [...held, new Sensitive(CANARY)],
    hint: (said) => hintOf(dialect)(said, sent),
    now: NOW,
  }));

describe('errors', () => {
  test('are reported in one bounded line, without the rest of the body', () => {
    check(
      fc.property(answerWith(bodyOf(ERRORS)), (answer) => {
        const said = readErrorResponse(answer, [new Sensitive(CANARY)]);
        expect(said.status).toBe(answer.status);
        expectPresentable(describeError(said));
      }),
    );
  });

  test("show nothing of a body that isn't a JSON object, and of one that is nothing that may repeat the request", () => {
    const silent = fc.oneof(
      jsonObject.map((given) =>
        JSON.stringify({
          ...given,
          client_name: CANARY,
          jwks: { keys: [{ k: CANARY }] },
          redirect_uris: [CANARY],
        }),
      ),
      text.map((given) => `<html>${given}${CANARY}`),
      jsonObject.map((given) => `${JSON.stringify({ error: CANARY, ...given }).slice(0, -1)}`),
      jsonObject.map((given) => JSON.stringify([given, CANARY])),
    );
    check(
      fc.property(silent, (body) => {
        const answer = { kind: 'answered', status: 400, headers: {}, body: new Sensitive(body) } as const;
        expect(JSON.stringify(readErrorResponse(answer, []))).not.toContain(CANARY);
      }),
    );
  });

  test('mask every secret of four characters or more, wherever a server repeats it', () => {
    const where = fc.constantFrom('error', 'error_description');
    check(
      fc.property(
        fc.array(secretText, { minLength: 1, maxLength: 3 }),
        where,
        text,
        (held, member, around) => {
          const words = `${around.slice(0, 50)} ${held.join(' , ')} ${around}`;
          const body = new Sensitive(JSON.stringify({ [member]: words }));
          const answer = { kind: 'answered', status: 400, headers: {}, body } as const;
          const line = describeError(
            readErrorResponse(
              answer,
              held.map((secret) => new Sensitive(secret)),
            ),
          );
          for (const secret of held) {
            expect(line).not.toContain(secret);
            expect(line).not.toContain(presentable(secret, []));
          }
        },
      ),
    );
  });

  test('mask a secret with white space that appears only when the text is cleaned', () => {
    const held = [new Sensitive('correct horse')];
    expect(presentable('no: correct\nhorse!', held)).toBe('no: [redacted]!');
    expect(presentable('no: correct  horse!', [new Sensitive('correct  horse')])).toBe('no: [redacted]!');
    expect(presentable('no: correct horse!', [new Sensitive('correct  horse')])).toBe('no: [redacted]!');
  });
});

describe('answers of a token endpoint', () => {
  test('give a token that fits into a header, or a reason', () => {
    check(
      fc.property(answerWith(bodyOf(TOKENS)), secrets, (answer, held) => {
        const asked = {
          tokenEndpoint: 'https://sso.example/token',
          scopes: ['register'],
          secrets: [...held, new Sensitive(CANARY)],
        };
        const read = readTokenResponse(answer, asked);
        if (read.kind !== 'Token') {
          expectPresentable(read.message);
          return;
        }
        expect(answer.status).toBeLessThan(300);
        expect(read.accessToken.reveal()).toMatch(/^[\x21-\x7e]+$/);
        expect(read.expiresInSeconds ?? 1).toBeGreaterThan(0);
        expect(Number.isSafeInteger(read.expiresInSeconds ?? 1)).toBe(true);
      }),
    );
  });
});

describe('discovery', () => {
  const rules = { allowHttp: false };
  const answers = fc.array(fc.tuple(fc.constantFrom(200, 200, 200, 302, 404), bodyOf(DISCOVERY)), {
    maxLength: 4,
  });
  const issuer = 'https://sso.example/realms/a';

  test('finds only endpoints that may be called, for any document', () => {
    check(
      fc.property(answers, (given) => {
        const read = given.map(([status, body]) =>
          readDiscoveryAnswer(
            'https://sso.example/d',
            { status, headers: {}, body: new Sensitive(body) },
            rules,
          ),
        );
        const found = mergeDiscovery(read, issuer);
        if (found.kind === 'found') {
          const { others = {}, mtlsAliases = {}, ...endpoints } = found.endpoints;
          for (const urls of [endpoints, others, mtlsAliases, found.aliases]) {
            for (const url of Object.values(urls)) {
              expect(urlProblem(String(url), rules)).toBeUndefined();
            }
          }
        }
        expect(isComplete(read, issuer, 'OAuth')).toBe(
          found.kind === 'found' && found.endpoints.registration !== undefined,
        );
      }),
    );
  });

  test('reports the answer of each address, and a different issuer, in words for people', () => {
    check(
      fc.property(answers, (given) => {
        const read = given.map(([status, body]) =>
          readDiscoveryAnswer(
            'https://sso.example/d',
            { status, headers: {}, body: new Sensitive(body) },
            rules,
          ),
        );
        for (const answer of read) {
          expectPresentable(answer.kind === 'nothing' ? answer.detail : '');
        }
        const found = mergeDiscovery(read, issuer);
        expectPresentable(found.kind === 'issuerMismatch' ? found.published : '');
      }),
    );
  });

  test('shows no more than 300 characters of a different issuer, and no control characters', () => {
    const body = new Sensitive(JSON.stringify({ issuer: `https://a\u0007${'b'.repeat(5000)}` }));
    const answer = readDiscoveryAnswer('https://sso.example/d', { status: 200, headers: {}, body }, rules);
    expect(mergeDiscovery([answer], issuer)).toEqual({
      kind: 'issuerMismatch',
      published: `https://a ${'b'.repeat(290)}…`,
      url: 'https://sso.example/d',
    });
  });
});

const CLASSIFIERS = [
  { classify: classifyRegistration, unsupportedStatuses: [] },
  { classify: classifyUpdate, unsupportedStatuses: [501] },
  { classify: classifyDeletion, unsupportedStatuses: [501] },
];

const KINDS = ['Done', 'Terminal', 'Transient', 'TokenRefused', 'NotFound', 'Unsupported', 'Unknown'];

/**
 * Whether the server may have acted, by the facts of the call only.
 *
 * @param telling statuses from 500 on that prove that it didn't act
 */
function mayHaveActed(given: HttpOutcome, telling: readonly number[]): boolean {
  if (given.kind === 'notSent') {
    return false;
  }
  const { status } = given;
  if (status === undefined || status < 300 || status === 408) {
    return true;
  }
  return status >= 500 && (given.kind === 'noAnswer' || !telling.includes(status));
}

/** Whether a 2xx answer itself says that nothing was done, or is that of somebody else. */
function deniesEffect(given: HttpOutcome): boolean {
  if (given.kind !== 'answered' || given.status >= 300) {
    return false;
  }
  const document = parseJsonObject(given.body.reveal()) ?? {};
  const isPending = given.status === 202 || typeof document['status'] === 'string';
  return (
    bodyForm(given) === 'HTML' || (document['client_id'] === undefined && (isPending || saysError(document)))
  );
}

describe.each(CLASSIFIERS)('$classify.name', ({ classify, unsupportedStatuses }) => {
  test('has one outcome for any answer, and shows nothing that it must not', () => {
    check(
      fc.property(outcome, context, (given, inputs) => {
        const verdict: Verdict = classify(given, inputs);
        expect(KINDS).toContain(verdict.kind);
        if (verdict.kind !== 'Done') {
          expectPresentable(
            verdict.message,
            inputs.secrets.map((secret) => secret.reveal()),
          );
          expect(verdict.retryAfterMs ?? 0).toBeGreaterThanOrEqual(0);
          expect(verdict.retryAfterMs ?? 0).toBeLessThanOrEqual(3_600_000);
        }
      }),
    );
  });

  test("is Unknown or Done whenever the server may have acted, and neither where it can't have", () => {
    check(
      fc.property(outcome, context, (given, inputs) => {
        const verdict = classify(given, inputs);
        const isUnsettled = verdict.kind === 'Unknown' || verdict.kind === 'Done';
        const told = [...inputs.dialect.notCreatedStatuses, ...unsupportedStatuses];
        // A deletion may be retried, so an odd success is transient.
        const isAskedAgain = verdict.kind === 'Transient' && verdict.reason === 'DeletionUnconfirmed';
        const isDenied = deniesEffect(given);
        expect(isUnsettled || isAskedAgain || isDenied || !mayHaveActed(given, told)).toBe(true);
        expect(!isUnsettled || mayHaveActed(given, told)).toBe(true);
      }),
    );
  });

  test('recognises a refusal, whether or not its body arrived', () => {
    const refusing = fc.integer({ min: 300, max: 499 }).filter((status) => status !== 408);
    check(
      fc.property(refusing, context, (status, { hint: _, ...inputs }) => {
        const empty = { kind: 'answered', status, headers: {}, body: new Sensitive('') } as const;
        const lost = { kind: 'noAnswer', reason: 'ConnectionLost', status, detail: 'It broke' } as const;
        const { message, detail = message, ...told } = classify(empty, inputs) as Failure;
        const { message: shorter, detail: whole = shorter, ...same } = classify(lost, inputs) as Failure;
        expect(same).toEqual(told);
        expect(whole).toBe(`${detail}, and its body was not read: It broke`);
        expect([whole, `${message}, and its body was not read`]).toContain(shorter);
      }),
    );
  });
});

describe('classifyRegistration', () => {
  test('is Done only with a client, and keeps the client in a truncated 2xx', () => {
    const given = fc.tuple(bodyOf([{ client_id: 'c1', client_secret: CANARY }]), context);
    check(
      fc.property(given, ([body, inputs]) => {
        const answer = { kind: 'answered', status: 201, headers: {}, body: new Sensitive(body) } as const;
        const verdict = classifyRegistration(answer, inputs);
        expect(verdict.kind === 'Done' ? verdict.information?.clientId : 'none').toBeTruthy();
      }),
    );
  });

  test('masks secrets in the client_id of a truncated answer and in the host of a redirect', () => {
    const held = {
      dialect: effectiveDialect('rfc7591'),
      secrets: [new Sensitive('canary')],
      now: NOW,
      viewers: viewersOf('AuthorizationServer'),
    };
    const torn = {
      kind: 'answered',
      status: 201,
      headers: {},
      body: new Sensitive('{"client_id":"canary",'),
    };
    expect(classifyRegistration(torn as HttpOutcome, held)).toMatchObject({
      kind: 'Unknown',
      message: 'The server answered 201 with JSON that is cut off; it names client [redacted]',
    });
    const redirect = (location: string) =>
      classifyRegistration(
        { kind: 'answered', status: 302, headers: { location }, body: new Sensitive('') },
        held,
      );
    expect(redirect('https://canary.example/canary?canary')).toMatchObject({
      message:
        'The server answered status 302 (a redirect to https://[redacted].example; redirects are not followed)',
    });
    expect(redirect('urn:login')).toMatchObject({
      message: 'The server answered status 302 (a redirect; redirects are not followed)',
    });
  });
});

test('No parser throws for any body, also for one of another kind of answer', () => {
  check(
    fc.property(answerWith(anyBody), (answer) => {
      readErrorResponse(answer, []);
      readTokenResponse(answer, { tokenEndpoint: 'https://sso.example/token', scopes: [], secrets: [] });
      readDiscoveryAnswer('https://sso.example/d', answer, { allowHttp: true });
    }),
  );
});
