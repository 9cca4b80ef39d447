import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../../src/oauth/json.ts';
import {
  LIST_OF,
  LISTED_MEMBERS,
  LONGEST_VALUE,
  MOST_VALUES,
  notInList,
  offeredValues,
} from '../../../src/oauth/offered-values.ts';

describe('The lists of a discovery document', () => {
  test('are kept by the member of a client that they are about, and that of scopes, and no others', () => {
    const lists = Object.fromEntries(LISTED_MEMBERS.map((member) => [LIST_OF[member], [member]]));
    const document = { ...lists, scopes_supported: ['openid'], claims_supported: ['sub'] };
    expect(offeredValues(document)).toEqual({
      ...Object.fromEntries(LISTED_MEMBERS.map((member) => [member, [member]])),
      scope: ['openid'],
    });
  });

  const longest = Array.from({ length: MOST_VALUES }, (_, index) => `g${index}`);

  test.each<readonly [string, JsonObject, object]>([
    ['that are absent say nothing', {}, {}],
    ['that are empty say nothing', { grant_types_supported: [] }, {}],
    ['that are no list say nothing', { grant_types_supported: 'client_credentials' }, {}],
    ['that hold anything but texts say nothing', { grant_types_supported: ['a', 1] }, {}],
    ['of as many values as permitted are kept', { grant_types_supported: longest }, { grant_types: longest }],
    ['of more values say nothing', { grant_types_supported: [...longest, 'more'] }, {}],
    ['with a longer value say nothing', { grant_types_supported: ['x'.repeat(LONGEST_VALUE + 1)] }, {}],
  ])('%s', (_, document, kept) => {
    expect(offeredValues(document)).toEqual(kept);
  });
});

test.each<readonly [string, Parameters<typeof notInList>[0], readonly string[], readonly string[]]>([
  ['a text that is listed', 'none', ['none'], []],
  ['a text that is not', 'client_secret_basic', ['client_secret_post', 'none'], ['client_secret_basic']],
  ['what of a list is not', ['authorization_code', 'device'], ['authorization_code'], ['device']],
  ['a response type in another order', ['id_token code'], ['code id_token'], []],
  ['a response type with a word more', ['code id_token'], ['code', 'id_token'], ['code id_token']],
  ['nothing', undefined, ['none'], []],
  ['an empty list and an empty text', ['', 1, {}], ['none'], []],
])('notInList: %s', (_, value, list, missing) => {
  expect(notInList(value, list)).toEqual(missing);
});
