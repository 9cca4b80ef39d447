import * as z from 'zod';
import type { Dialect } from '../dialects/dialect.ts';
import { DIALECT_NAMES, type DialectOverrides } from '../dialects/presets.ts';
import { SWITCHES } from '../dialects/switches.ts';
import { boundedDuration } from './durations.ts';
import { described, set, text } from './schema.ts';

/** How a server departs from the RFCs: a preset by name, and every switch by itself. */

export const dialect = z.enum(DIALECT_NAMES).meta({
  description:
    'Product of the server: a preset of the switches in dialectOverrides. rfc7591: a server that keeps to the RFCs.',
});

const supported = z
  .boolean()
  .meta({ description: 'Whether the server has this call. Default: as in the dialect.' });

const support = z.object({ supported: supported.optional() });

const rotates = (what: string) =>
  z
    .enum(['None', 'Rotates'])
    .meta({ description: `Whether the call changes the ${what}. Default: as in the dialect.` })
    .optional();

const effect = z.object({
  supported: supported.optional(),
  token: rotates('registration access token'),
  secret: rotates('client secret'),
});

const lifetimes = z.object({
  registrationAccessToken: boundedDuration(
    'lifetime',
    'Longest life of a registration access token, 1s to 87600h, like 720h. Default: as in the dialect.',
  ).optional(),
  clientSecret: boundedDuration(
    'lifetime',
    'Longest life of a client secret, 1s to 87600h, like 2160h. Default: as in the dialect.',
  ).optional(),
  client: boundedDuration(
    'lifetime',
    'Longest life of a client, 1s to 87600h, like 2160h. Default: as in the dialect.',
  ).optional(),
});

type Row = (typeof SWITCHES)[keyof Dialect];

function schemaOf(row: Exclude<Row, { readonly kind: 'address' }>): z.ZodType {
  switch (row.kind) {
    case 'choice':
      return z.enum(row.values);
    case 'texts':
      return set(text(row.longest), row.most);
    case 'statuses':
      return set(z.int().min(100).max(599), 32);
    case 'effect':
      return effect;
    case 'support':
      return support;
    case 'lifetimes':
      return lifetimes;
    case 'interval':
      return boundedDuration('registrationInterval');
  }
}

type Shape = {
  readonly [Name in keyof DialectOverrides]-?: z.ZodOptional<z.ZodType<DialectOverrides[Name]>>;
};

const shape = Object.fromEntries(
  Object.entries(SWITCHES).flatMap(([name, row]) =>
    row.kind === 'address'
      ? []
      : [[name, described(schemaOf(row), `${row.words} Default: as in the dialect.`).optional()]],
  ),
) as Shape;

export const dialectOverrides = z.object(shape).meta({
  description: 'Switches that win over the preset of the dialect; status.effectiveDialect shows the result.',
});
