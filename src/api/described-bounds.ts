import { isJsonObject, type Json, type JsonObject } from '../oauth/json.ts';
import { defined } from '../oauth/objects.ts';

/**
 * Adds to the description of every field what its schema says of it: bounds of numbers, lists and maps, and the
 * default. `kubectl explain` shows neither.
 */
export function withDescribedBounds(schema: JsonObject): JsonObject {
  const { description, properties, items, additionalProperties } = schema;
  return {
    ...schema,
    ...defined({
      description: typeof description === 'string' ? [description, ...boundsOf(schema)].join(' ') : undefined,
      properties: isJsonObject(properties) ? ofEach(properties) : undefined,
      items: isJsonObject(items) ? withDescribedBounds(items) : undefined,
      additionalProperties: isJsonObject(additionalProperties)
        ? withDescribedBounds(additionalProperties)
        : undefined,
    }),
  };
}

const ofEach = (properties: JsonObject): JsonObject =>
  Object.fromEntries(
    Object.entries(properties).map(([name, field]) => [
      name,
      isJsonObject(field) ? withDescribedBounds(field) : field,
    ]),
  );

/** One sentence each. */
function boundsOf({
  minimum,
  maximum,
  maxItems,
  maxProperties,
  default: value,
}: JsonObject): readonly string[] {
  return [
    ...(minimum === undefined || maximum === undefined ? [] : [`${minimum} to ${maximum}.`]),
    ...(maxItems === undefined ? [] : [`At most ${maxItems} items.`]),
    ...(maxProperties === undefined ? [] : [`At most ${maxProperties} entries.`]),
    ...(isScalar(value) ? [`Default: ${value === '' ? 'empty' : value}.`] : []),
  ];
}

const isScalar = (value: Json | undefined): value is string | number | boolean =>
  ['string', 'number', 'boolean'].includes(typeof value);
