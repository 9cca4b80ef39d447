import { isJsonObject, type Json, type JsonObject } from '../oauth/json.ts';
import { defined } from '../oauth/objects.ts';

/**
 * Adds bounds and default to the description of every field: those of numbers, lists and maps. `kubectl explain`
 * shows neither.
 */
export function withDescribedBounds(schema: JsonObject): JsonObject {
  const { description, properties, items, additionalProperties } = schema;
  return {
    ...schema,
    ...defined({
      description: typeof description === 'string' ? completed(description, schema) : undefined,
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

/** Bounds stand before what the description says of an absent field. */
function completed(description: string, schema: JsonObject): string {
  const { minimum, maximum, maxItems, maxProperties, default: value } = schema;
  const [meaning = '', absent] = description.split(/ (?=Default: )/);
  return [
    meaning,
    ...(minimum === undefined || maximum === undefined ? [] : [`${minimum} to ${maximum}.`]),
    ...(maxItems === undefined ? [] : [`At most ${maxItems} items.`]),
    ...(maxProperties === undefined ? [] : [`At most ${maxProperties} entries.`]),
    ...(absent === undefined ? [] : [absent]),
    ...(isScalar(value) ? [`Default: ${value === '' ? 'empty' : value}.`] : []),
  ].join(' ');
}

const isScalar = (value: Json | undefined): value is string | number | boolean =>
  ['string', 'number', 'boolean'].includes(typeof value);
