import { readdirSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { describe, expect, test } from 'vitest';
import { durationMs } from '../../../src/api/schema.ts';
import type { Dialect } from '../../../src/dialects/dialect.ts';
import {
  DIALECT_NAMES,
  type DialectName,
  type DialectOverrides,
  effectiveDialect,
  PRESETS,
} from '../../../src/dialects/presets.ts';
import { rfc7591, shapingPart } from '../../../src/dialects/rfc7591.ts';
import { SWITCHES } from '../../../src/dialects/switches.ts';

const DURATION = /^([0-9]{1,6}h)?([0-9]{1,6}m)?([0-9]{1,6}s)?$/;

describe('the names of dialects', () => {
  test('begin with the default, each stands once and has a preset', () => {
    expect(DIALECT_NAMES[0]).toBe('rfc7591');
    expect(new Set(DIALECT_NAMES).size).toBe(DIALECT_NAMES.length);
    expect(Object.keys(PRESETS)).toEqual([...DIALECT_NAMES]);
  });

  test('keep their order by alphabet, so that the CRD changes only where one is added', () => {
    expect(DIALECT_NAMES.slice(1)).toEqual(DIALECT_NAMES.slice(1).toSorted());
  });

  test('are the names of the files, but for those that hold what all share', () => {
    const shared = [
      'answered-form',
      'clearing',
      'codec',
      'dialect',
      'effects',
      'encoding',
      'hints',
      'keycloak-client',
      'member-names',
      'presets',
      'switches',
    ];
    const files = readdirSync('src/dialects').map((file) => file.replace(/\.ts$/, ''));
    expect(files.toSorted()).toEqual([...DIALECT_NAMES, ...shared].toSorted());
  });
});

describe('the switches', () => {
  test('default to what the RFCs say', () => {
    expect(rfc7591).toMatchObject({
      scopeEncoding: 'String',
      membersNotSent: [],
      readEffect: { supported: true, token: 'None', secret: 'None' },
      deleteEffect: { supported: true },
      goneStatuses: [401, 404],
      configurationUrl: 'AsReturned',
      lifetimes: {},
      registrationInterval: '0s',
    });
  });

  test('say what they decide, in a sentence', () => {
    const words = Object.values(SWITCHES).map((row) => row.words);
    expect(words.filter((text) => !/^[A-Z].*\.$/.test(text))).toEqual([]);
  });

  test('name those on which the documents depend', () => {
    expect(Object.keys(shapingPart(rfc7591))).toEqual([
      'scopeEncoding',
      'jwksEncoding',
      'languageTags',
      'membersNotSent',
      'scopesNotSent',
      'updateBody',
      'clearBy',
    ]);
  });
});

const all = DIALECT_NAMES.map((name) => ({ name, dialect: effectiveDialect(name) }));

describe('the presets', () => {
  test.each(DIALECT_NAMES)(
    'hold nothing but switches, and none that says what the RFCs say anyway (%s)',
    (name) => {
      const departures = Object.entries(PRESETS[name].departures) as [keyof Dialect, unknown][];
      expect(departures.map(([key]) => key).filter((key) => !Object.hasOwn(rfc7591, key))).toEqual([]);
      expect(departures.filter(([key, value]) => isDeepStrictEqual(value, rfc7591[key]))).toEqual([]);
    },
  );

  test('give durations as the API writes them', () => {
    const durations = all.flatMap(({ dialect: { lifetimes, registrationInterval } }) => [
      registrationInterval,
      ...Object.values(lifetimes),
    ]);
    expect(durations.length).toBeGreaterThan(DIALECT_NAMES.length);
    expect(durations.filter((text) => text === '' || !DURATION.test(text))).toEqual([]);
  });

  test('rule 18: give addresses that name the client, only where documents say so', () => {
    const templates = all.filter(({ dialect }) => dialect.configurationUrl !== 'AsReturned');
    expect(templates.map(({ name }) => name)).toEqual(['keycloak-native', 'okta', 'secureauth', 'wso2']);
    const placeholders = templates.map(({ dialect }) => dialect.configurationUrl.match(/\{[^}]*\}/g));
    expect(placeholders).toEqual(templates.map(() => ['{registration_endpoint}', '{client_id}']));
  });

  test('give statuses of refusals, and some for every server', () => {
    const lists = all.flatMap(({ dialect }) => [dialect.goneStatuses, dialect.notCreatedStatuses]);
    expect(lists.filter((statuses) => statuses.length === 0)).toEqual([]);
    expect(lists.flat().filter((status) => !(status >= 400 && status < 600))).toEqual([]);
  });

  test('rule 23: believe the secret of a read where a read makes a new one', () => {
    const renewing = all.filter(({ dialect }) => dialect.readEffect.secret === 'Rotates');
    expect(renewing.map(({ name, dialect }) => [name, dialect.secretOnRead])).toEqual([['curity', 'Trust']]);
  });

  test("describe no effect of a call that the server doesn't support", () => {
    const effects = all.flatMap(({ dialect }) => [dialect.readEffect, dialect.updateEffect]);
    const refused = effects.filter(({ supported }) => !supported);
    expect(refused.length).toBeGreaterThan(0);
    expect(refused.filter(({ token, secret }) => token !== 'None' || secret !== 'None')).toEqual([]);
  });

  test('name what is withheld by its plain name, each once', () => {
    const lists = all.flatMap(({ dialect }) => [dialect.membersNotSent, dialect.scopesNotSent]);
    expect(lists.flat().length).toBeGreaterThan(0);
    expect(lists.flat().filter((member) => !/^[a-z_]+$/.test(member))).toEqual([]);
    expect(lists.filter((list) => new Set(list).size !== list.length)).toEqual([]);
  });
});

describe('what is known of a server', () => {
  test.each<readonly [string, DialectName, Partial<Dialect>]>([
    ['rule 14: scopes are sent as string and list', 'forgerock', { scopeEncoding: 'Both' }],
    ["rule 14: an agent's scopes are sent as a list", 'pingone-aic-agent', { scopeEncoding: 'Array' }],
    ['rule 14: scopes are sent as string and list', 'secureauth', { scopeEncoding: 'Both' }],
    [
      "rule 18: what the answer doesn't say is in the path",
      'secureauth',
      { configurationUrl: '{registration_endpoint}/{client_id}' },
    ],
    [
      "rule 18: what the answer doesn't say is in the path",
      'okta',
      { configurationUrl: '{registration_endpoint}/{client_id}' },
    ],
    [
      "rule 18: what the answer doesn't say is in the path",
      'wso2',
      { configurationUrl: '{registration_endpoint}/{client_id}' },
    ],
    [
      'rule 18: nothing is managed',
      'auth0',
      { configurationUrl: 'AsReturned', deleteEffect: { supported: false } },
    ],
    [
      'rule 21: a read has both effects',
      'curity',
      { readEffect: { supported: true, token: 'Rotates', secret: 'Rotates' } },
    ],
    [
      'rule 21: a read kills the token',
      'secureauth',
      { readEffect: { supported: true, token: 'Rotates', secret: 'None' } },
    ],
    [
      'rule 21: a read is harmless',
      'keycloak',
      { readEffect: { supported: true, token: 'None', secret: 'None' } },
    ],
    [
      "rule 21: a read brings another token, in Keycloak's own form",
      'keycloak-native',
      { readEffect: { supported: true, token: 'Rotates', secret: 'None' } },
    ],
    ['rule 23: the secret of a read is hashed', 'spring', { secretOnRead: 'Ignore' }],
    ['rule 25: an update never carries the secret', 'hydra', { secretEcho: 'Omit' }],
    ['rule 25: an update repeats the secret', 'pingone-aic', { secretEcho: 'Send' }],
    ['rule 26: an update changes what it names', 'keycloak', { clearBy: 'Empty' }],
    ['rule 26: nothing clears a member', 'wso2', { clearBy: 'Omit' }],
    ['rule 30: the token lives five minutes', 'spring', { lifetimes: { registrationAccessToken: '5m' } }],
    [
      'rule 30: the token lives thirty days',
      'secureauth',
      { lifetimes: { registrationAccessToken: '720h' } },
    ],
    ['rule 30: the token lives a year', 'curity', { lifetimes: { registrationAccessToken: '8760h' } }],
    ['rule 32: the client lives ninety days', 'cloudflare', { lifetimes: { client: '2160h' } }],
    ["rule 33: a 404 doesn't mean gone", 'hydra', { goneStatuses: [401] }],
    ['rule 33: a deleted client answers 404', 'zitadel', { goneStatuses: [404] }],
    ['rule 33: a deleted client answers 400 or 401', 'authlete', { goneStatuses: [400, 401] }],
    ['rule 33: nothing can be deleted', 'spring', { deleteEffect: { supported: false } }],
    [
      "rule 36: a policy's 403 insufficient_scope isn't the token's",
      'keycloak',
      { tokenRefusals: ['access_denied', 'invalid_token', 'invalid_client'] },
    ],
    [
      "rule 46: elsewhere 400 access_denied and 403 insufficient_scope are the token's",
      'forgerock',
      { tokenRefusals: ['access_denied', 'invalid_token', 'insufficient_scope', 'invalid_client'] },
    ],
    [
      'rule 47: an update gives a new token',
      'oidc-provider',
      { updateEffect: { supported: true, token: 'Rotates', secret: 'None' } },
    ],
    ['rule 48: a read brings no secret', 'hydra', { secretOnRead: 'Ignore' }],
  ])('%s (%s)', (_, name, expected) => {
    expect(effectiveDialect(name)).toMatchObject(expected);
  });

  test('takes a year and ninety days for what they are', () => {
    const { lifetimes } = effectiveDialect('curity');
    expect(durationMs(lifetimes.registrationAccessToken ?? '')).toBe(365 * 86_400_000);
    expect(durationMs(effectiveDialect('cloudflare').lifetimes.client ?? '')).toBe(90 * 86_400_000);
  });

  test.each(['auth0', 'authentik', 'cloudflare', 'scalekit'] as const)(
    'rule 18: %s manages nothing',
    (name) => {
      const { readEffect, updateEffect, deleteEffect } = effectiveDialect(name);
      expect([readEffect.supported, updateEffect.supported, deleteEffect.supported]).toEqual([
        false,
        false,
        false,
      ]);
    },
  );

  test('rule 26: Spring reads, and neither updates nor deletes', () => {
    const { readEffect, updateEffect, deleteEffect } = effectiveDialect('spring');
    expect([readEffect.supported, updateEffect.supported, deleteEffect.supported]).toEqual([
      true,
      false,
      false,
    ]);
  });
});

describe('the effective dialect', () => {
  test('is the RFCs where nothing is said', () => {
    expect(effectiveDialect('rfc7591')).toEqual(rfc7591);
    expect(effectiveDialect('rfc7591', {})).toEqual(rfc7591);
  });

  test.each<readonly [string, DialectName, DialectOverrides, Partial<Dialect>]>([
    ['lets an override win over the preset', 'keycloak', { clearBy: 'Null' }, { clearBy: 'Null' }],
    ['keeps the preset beside an override', 'keycloak', { clearBy: 'Null' }, { languageTags: 'Omit' }],
    [
      'lets nothing unset win',
      'keycloak',
      { clearBy: undefined, scopesNotSent: undefined, readEffect: undefined, lifetimes: undefined },
      effectiveDialect('keycloak'),
    ],
    ['lets an empty list win', 'keycloak', { scopesNotSent: [] }, { scopesNotSent: [] }],
    [
      'lets false win',
      'keycloak',
      { deleteEffect: { supported: false } },
      { deleteEffect: { supported: false } },
    ],
    [
      'changes one member of an effect',
      'curity',
      { readEffect: { secret: 'None', token: undefined } },
      { readEffect: { supported: true, token: 'Rotates', secret: 'None' } },
    ],
    [
      "changes one member of an effect that is the RFCs'",
      'hydra',
      { readEffect: { supported: false } },
      { readEffect: { supported: false, token: 'None', secret: 'None' } },
    ],
    [
      'adds a lifetime to those of the preset',
      'secureauth',
      { lifetimes: { client: '24h' } },
      { lifetimes: { registrationAccessToken: '720h', client: '24h' } },
    ],
    [
      'shortens a lifetime of the preset',
      'secureauth',
      { lifetimes: { registrationAccessToken: '24h' } },
      { lifetimes: { registrationAccessToken: '24h' } },
    ],
  ])('%s (%s)', (_, name, overrides, expected) => {
    expect(effectiveDialect(name, overrides)).toMatchObject(expected);
  });

  test('changes neither the preset nor the RFCs', () => {
    const before = structuredClone([rfc7591, PRESETS.curity.departures]);
    effectiveDialect('curity', { readEffect: { token: 'None' }, lifetimes: { client: '1h' } });
    expect([rfc7591, PRESETS.curity.departures]).toEqual(before);
  });
});
