import fc from 'fast-check';
import { ANNOTATIONS, LABELS } from '../../../src/api/names.ts';
import { text } from './arbitraries.ts';

/** Parts of objects from the API server: its own part is well-formed, the part of people may not be. */

export const wellFormed = text.map((given) => given.toWellFormed());

export const stringMap = (keys: fc.Arbitrary<string>) =>
  fc.array(fc.tuple(keys, wellFormed), { maxLength: 6 }).map((pairs) => Object.fromEntries(pairs));

const time = fc.oneof(
  fc.constantFrom('2026-05-01T12:00:00Z', '+275760-09-13T00:00:00Z', '0001-01-01T00:00:00Z', 'yesterday'),
  wellFormed,
);

export const metadata = fc.record(
  {
    name: fc.constant('storefront'),
    namespace: fc.constant('shop'),
    uid: fc.constant('uid-1'),
    resourceVersion: fc.constant('7'),
    generation: fc.integer({ min: 0 }),
    creationTimestamp: time,
    deletionTimestamp: time,
    finalizers: fc.array(wellFormed, { maxLength: 2 }),
    labels: stringMap(fc.oneof(fc.constantFrom(...Object.values(LABELS)), wellFormed)),
    annotations: stringMap(fc.oneof(fc.constantFrom(...Object.values(ANNOTATIONS)), wellFormed)),
  },
  { requiredKeys: ['name', 'namespace'] },
);
