import { describe, expect, test } from 'vitest';
import { withDescribedBounds } from '../../../src/api/described-bounds.ts';
import type { JsonObject } from '../../../src/oauth/json.ts';

const described = (schema: JsonObject) =>
  withDescribedBounds({ description: 'It.', ...schema })['description'];

describe('withDescribedBounds', () => {
  test.each<readonly [string, JsonObject, string]>([
    ['nothing', { type: 'string', maxLength: 64 }, 'It.'],
    [
      'both bounds of a number, and its default',
      { minimum: 1, maximum: 256, default: 16 },
      'It. 1 to 256. Default: 16.',
    ],
    ['the length of a list', { maxItems: 8 }, 'It. At most 8 items.'],
    ['the size of a map', { maxProperties: 32 }, 'It. At most 32 entries.'],
    ['false as default', { default: false }, 'It. Default: false.'],
    ['an empty text as default', { default: '' }, 'It. Default: empty.'],
    ['no default that is an object: its members have their own', { default: {} }, 'It.'],
  ])('says %s', (_, schema, description) => {
    expect(described(schema)).toBe(description);
  });

  test('says bounds before a default that has no value', () => {
    const description = 'How many. Default: any number.';
    expect(described({ description, minimum: 0, maximum: 9 })).toBe('How many. 0 to 9. Default: any number.');
  });

  test('goes through members, items and values, and adds no description where there is none', () => {
    const field = { description: 'It.', default: 'a' };
    const list = { type: 'array', maxItems: 2, items: field };
    expect(withDescribedBounds({ properties: { list, map: { additionalProperties: field } } })).toEqual({
      properties: {
        list: { ...list, items: { ...field, description: 'It. Default: a.' } },
        map: { additionalProperties: { ...field, description: 'It. Default: a.' } },
      },
    });
  });
});
