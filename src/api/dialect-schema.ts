import * as z from 'zod';
import { DIALECT_NAMES } from '../dialects/presets.ts';
import { boundedDuration } from './durations.ts';
import { list, text } from './schema.ts';

/** How a server departs from the RFCs: a preset by name, and every switch by itself. */

export const dialect = z
  .enum(DIALECT_NAMES)
  .meta({ description: 'What is known of the server: a preset of the switches in dialectOverrides.' });

const effect = z.object({
  supported: z.boolean().optional(),
  token: z.enum(['None', 'Rotates']).optional(),
  secret: z.enum(['None', 'Rotates']).optional(),
});

const statuses = () => list(z.int().min(100).max(599), 32);

export const dialectOverrides = z
  .object({
    scopeEncoding: z.enum(['String', 'Array', 'Both']).optional(),
    jwksEncoding: z.enum(['Object', 'String']).optional(),
    basicEncoding: z.enum(['Encoded', 'Raw']).optional(),
    languageTags: z.enum(['Send', 'Lowercase', 'Omit']).optional(),
    membersNotSent: list(text(256), 64).optional(),
    scopesNotSent: list(text(256), 64).optional(),
    updateSemantics: z.enum(['Replace', 'Merge']).optional(),
    updateBody: z.enum(['Declared', 'Returned']).optional(),
    clearBy: z.enum(['Omit', 'Null', 'Empty']).optional(),
    secretEcho: z.enum(['Omit', 'Send']).optional(),
    readEffect: effect.optional(),
    updateEffect: effect.optional(),
    secretOnRead: z.enum(['Ignore', 'Trust']).optional(),
    deleteSupported: z.boolean().optional(),
    goneStatuses: statuses().optional(),
    notCreatedStatuses: statuses().optional(),
    tokenRefusals: list(text(128), 32).optional(),
    lifetimes: z
      .object({
        registrationAccessToken: boundedDuration('lifetime').optional(),
        clientSecret: boundedDuration('lifetime').optional(),
        client: boundedDuration('lifetime').optional(),
      })
      .meta({ description: 'Each given one caps what the server says.' })
      .optional(),
    registrationInterval: boundedDuration(
      'registrationInterval',
      'Least time between two registrations.',
    ).optional(),
  })
  .meta({
    description: 'Switches that win over the preset; the result is shown in status.effectiveDialect.',
  });
