import * as z from 'zod';
import type { Dialect } from '../dialects/dialect.ts';
import { DIALECT_NAMES, type DialectOverrides } from '../dialects/presets.ts';
import { SWITCHES } from '../dialects/switches.ts';
import { boundedDuration } from './durations.ts';
import { described, set, text } from './schema.ts';

/** How a server departs from the RFCs: a preset by name, and every switch by itself. */

export const dialect = z
  .enum(DIALECT_NAMES)
  .meta({ description: 'What is known of the server: a preset of the switches in dialectOverrides.' });

const effect = z.object({
  supported: z.boolean().optional(),
  token: z.enum(['None', 'Rotates']).optional(),
  secret: z.enum(['None', 'Rotates']).optional(),
});

const support = z.object({ supported: z.boolean().optional() });

const lifetimes = z.object({
  registrationAccessToken: boundedDuration('lifetime').optional(),
  clientSecret: boundedDuration('lifetime').optional(),
  client: boundedDuration('lifetime').optional(),
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
    row.kind === 'address' ? [] : [[name, described(schemaOf(row), row.words).optional()]],
  ),
) as Shape;

export const dialectOverrides = z.object(shape).meta({
  description: 'Switches that win over the preset; the result is shown in status.effectiveDialect.',
});
