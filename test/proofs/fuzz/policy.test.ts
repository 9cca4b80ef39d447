import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Policy } from '../../../src/core/connection.ts';
import { wantedDocument } from '../../../src/core/document.ts';
import { policyProblem } from '../../../src/core/policy.ts';
import { isProblem } from '../../../src/core/problem.ts';
import { hostIsListed, matchesPattern } from '../../../src/core/uri-bounds.ts';
import { DIALECT_NAMES, effectiveDialect } from '../../../src/dialects/presets.ts';
import { memberOf } from '../../../src/oauth/client-metadata.ts';
import type { Json, JsonObject } from '../../../src/oauth/json.ts';
import { Sensitive } from '../../../src/oauth/sensitive.ts';
import { statementOf } from '../../kit/fixtures/credentials.ts';
import { connection, desired } from '../../kit/fixtures/observations.ts';
import { json, jsonObject, name, text } from './arbitraries.ts';
import { check } from './check.ts';
import { expectPresentable } from './messages.ts';

/** A policy admits nothing that a simple and strict reading of the same bounds refuses. */

/** Pieces that parsers interpret differently. */
const PIECES = [
  'https://',
  'HTTPS://',
  'http://',
  'https:/',
  'https:',
  'myapp://',
  'myapp:',
  'javascript:',
  'shop.example.com',
  'SHOP.example.com',
  'a.apps.example.com',
  'apps.example.com',
  '.apps.example.com',
  'evil.example',
  'shop.example.com.evil.example',
  'xn--e1afmkfd.example.com',
  'ѕhop.example.com',
  'shop。example。com',
  '127.0.0.1',
  '2130706433',
  '0x7f.1',
  '[::1]',
  ':8443',
  ':443',
  '@',
  ':',
  '/',
  '//',
  '\\',
  '..',
  '.',
  '*',
  '%2f',
  '%2E%2e',
  '%5C',
  '%2a',
  '%00',
  '?',
  '#',
  '&',
  'cb',
  'callback',
  'user:pass',
  '\t',
  '\n',
  '\u0000',
  '\u200b',
  ' ',
] as const;

const WITHIN = [
  'https://a.apps.example.com/callback',
  'https://shop.example.com/cb',
  'https://shop.example.com/a/cb',
  'https://shop.example.com/cb?tenant=1',
  'https://shop.example.com:8443/x?y=z',
  'myapp://cb',
  'myapp:cb',
] as const;

const uri = fc.oneof(
  fc.array(fc.constantFrom(...PIECES), { minLength: 1, maxLength: 8 }).map((parts) => parts.join('')),
  fc
    .tuple(
      fc.constantFrom('https://', 'http://', 'myapp://'),
      fc.constantFrom('shop.example.com', 'a.apps.example.com', 'evil.example', 'shop.example.com:8443'),
      fc.array(fc.constantFrom(...PIECES), { maxLength: 4 }).map((parts) => parts.join('')),
    )
    .map((parts) => parts.join('')),
  // Within the bounds, except for one piece somewhere.
  fc
    .tuple(fc.constantFrom(...WITHIN), fc.constantFrom('', ...PIECES), fc.nat(), fc.nat(3))
    .map(([whole, piece, at, gone]) => {
      const from = at % (whole.length + 1);
      return whole.slice(0, from) + piece + whole.slice(from + gone);
    }),
  fc.webUrl(),
  text,
);

const HOSTS = [['shop.example.com', '*.apps.example.com'], ['*.example.com'], ['127.0.0.1', '[::1]'], []];

/** Only letters that every parser reads the same, and only scheme, host, port, path and query. */
function strictHost(given: string): string | undefined {
  const plain = /^https?:\/\/([A-Za-z0-9.-]+|\[[0-9a-f:]+\])(?::[0-9]+)?(?:[/?][^#\\]*)?$/.exec(given);
  return /[^\x21-\x7e]/.test(given) ? undefined : plain?.[1]?.toLowerCase();
}

function referenceAdmitsHost(given: string, hosts: readonly string[]): boolean {
  const host = strictHost(given);
  return (
    host !== undefined &&
    // The same host for a parser and for a person.
    URL.canParse(given) &&
    new URL(given).hostname === host &&
    hosts.some((entry) =>
      entry.startsWith('*.') ? host !== entry.slice(2) && host.endsWith(entry.slice(1)) : host === entry,
    )
  );
}

const PATTERNS = [
  ['https://*.apps.example.com/callback'],
  ['https://shop.example.com/*'],
  ['https://shop.example.com/*/cb', 'myapp://cb'],
  ['https://shop.example.com/cb?tenant=*'],
  ['myapp:*'],
  [],
];

/** `*` matches any text without a separator. A pattern without it matches only itself. */
function referenceMatches(given: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) => {
    const source = pattern
      .split('*')
      .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
      .join('[^/?#:@]*');
    const whole = new RegExp(`^${source}$`, 'u');
    return given === pattern || (whole.test(given) && !given.includes('..') && URL.canParse(given));
  });
}

describe('bounds', () => {
  test("admit no host that isn't listed by a simple reading of the URL", () => {
    check(
      fc.property(uri, fc.constantFrom(...HOSTS), (given, hosts) => {
        expect(!hostIsListed(given, hosts) || referenceAdmitsHost(given, hosts)).toBe(true);
      }),
    );
  });

  test("admit no redirect URI that the pattern as an expression doesn't match", () => {
    check(
      fc.property(uri, fc.constantFrom(...PATTERNS), (given, patterns) => {
        expect(!matchesPattern(given, patterns) || referenceMatches(given, patterns)).toBe(true);
      }),
    );
  });

  test('admit documents that are clearly within them', () => {
    const label = fc.stringMatching(/^[a-z][a-z0-9]{0,10}$/);
    check(
      fc.property(label, label, (host, path) => {
        const given = `https://${host}.apps.example.com/${path}`;
        expect(hostIsListed(given, ['*.apps.example.com'])).toBe(true);
        expect(matchesPattern(given, ['https://*.apps.example.com/*'])).toBe(true);
      }),
    );
  });
});

const POLICY: Policy = {
  uriHosts: ['shop.example.com', '*.apps.example.com'],
  redirectUriPatterns: ['https://shop.example.com/*', 'myapp://cb'],
  scopes: ['openid', 'read'],
  grantTypes: ['authorization_code', 'client_credentials'],
  additionalMetadata: { allowed: ['vendor'] },
  algorithms: ['RS256'],
};

/** All texts in a value, also inside lists and objects. */
function textsOf(value: Json): readonly string[] {
  if (typeof value === 'string') {
    return [value];
  }
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsOf) : [];
}

const REDIRECTS = ['redirect_uris', 'post_logout_redirect_uris', 'claims_redirect_uris'];

/** Expects that a document, which was admitted, is within the bounds. */
function expectWithin(document: JsonObject): void {
  for (const [member, value] of Object.entries(document)) {
    if (/_(alg|enc)$/.test(member)) {
      expect(textsOf(value).filter((given) => given !== 'RS256')).toEqual([]);
    }
    const row = memberOf(member);
    expect(row !== undefined || ['vendor', 'scopes', 'software_statement'].includes(member)).toBe(true);
    for (const given of textsOf(value).filter((one) => one !== '')) {
      if (REDIRECTS.includes(row?.wire ?? '')) {
        expect(referenceMatches(given, POLICY.redirectUriPatterns ?? [])).toBe(true);
      } else if (row?.type === 'uri' || row?.type === 'uris') {
        expect(referenceAdmitsHost(given, POLICY.uriHosts ?? [])).toBe(true);
      } else if (member === 'vendor' && /^https?:\/\//i.test(given.trim())) {
        expect(referenceAdmitsHost(given, POLICY.uriHosts ?? [])).toBe(true);
      } else if (member === 'scope' || member === 'scopes') {
        expect(given.split(/\s+/).filter((word) => word && !['openid', 'read'].includes(word))).toEqual([]);
      }
    }
  }
}

/** A document near the bounds of a policy, with few members. */
const nearby: fc.Arbitrary<JsonObject> = fc
  .array(
    fc.oneof(
      fc.tuple(fc.constantFrom('redirect_uris', 'post_logout_redirect_uris', 'request_uris'), fc.array(uri)),
      fc.tuple(fc.constantFrom('client_uri', 'logo_uri#ja', 'jwks_uri', 'vendor'), uri),
      fc.tuple(fc.constantFrom('scope', 'scopes', 'vendor', 'jwks', 'client_name'), json),
      fc.tuple(fc.constant('scope'), fc.constantFrom('openid', 'read openid', 'admin', 'read\u00a0admin')),
      fc.tuple(
        fc.constantFrom('id_token_signed_response_alg', 'request_object_encryption_enc'),
        fc.constantFrom('RS256', 'none', 'None', 'HS256'),
      ),
      fc.tuple(name, json),
    ),
    { maxLength: 3 },
  )
  .map((members) => Object.fromEntries<Json>(members));

describe('a policy', () => {
  test('admits no document with a value beyond its bounds', () => {
    check(
      fc.property(nearby, (document) => {
        const problem = policyProblem(document, POLICY);
        if (problem === undefined) {
          expectWithin(document);
          return;
        }
        expect(problem.reason).toBe('PolicyRefused');
        expectPresentable(problem.message);
      }),
    );
  });

  test('HttpsOnly admits only URIs that every parser reads as https, and no script', () => {
    check(
      fc.property(
        fc.constantFrom('redirect_uris', 'initiate_login_uri', 'logo_uri#ja', 'vendor'),
        uri,
        (member, given) => {
          const bounds: Policy = { schemes: 'HttpsOnly', additionalMetadata: { allowed: ['vendor'] } };
          if (policyProblem({ [member]: given }, bounds) !== undefined) {
            return;
          }
          const read = URL.canParse(given) ? new URL(given).protocol : undefined;
          expect(['javascript:', 'data:', 'file:', 'vbscript:']).not.toContain(read);
          expect(member === 'vendor' || given === '' || read === undefined || read === 'https:').toBe(true);
          expect(member === 'vendor' || given === '' || /^https:\/\//i.test(given)).toBe(true);
        },
      ),
    );
  });

  test("checks the sent document: the client's metadata and the defaults, in the dialect, with the statement", () => {
    const additional = nearby.map((document) => ({
      client: { additionalMetadata: document },
      statement: document,
    }));
    check(
      fc.property(
        additional,
        nearby,
        jsonObject,
        fc.constantFrom(...DIALECT_NAMES),
        fc.boolean(),
        (own, defaults, claims, dialect, brings) => {
          const { spec } = desired({ client: own.client }) as {
            readonly spec: Parameters<typeof wantedDocument>[1];
          };
          const jwt = new Sensitive(statementOf(claims));
          const terms = {
            ...connection,
            dialect: effectiveDialect(dialect),
            defaults: { additionalMetadata: defaults },
            policy: POLICY,
            statement: { ...connection.statement, fromClient: brings ? 'Require' : 'Deny' } as const,
          };
          const facts = { namespace: 'shop', name: 'storefront', cluster: 'eu-1', createdAt: 0 };
          const statement = brings ? { jwt, claims, version: '1' } : undefined;
          const wanted = wantedDocument(facts, spec, terms, statement);
          if (isProblem(wanted)) {
            expectPresentable(wanted.message);
            return;
          }
          if (policyProblem(wanted.document, POLICY) === undefined) {
            expectWithin(wanted.document);
          }
        },
      ),
    );
  });
});
