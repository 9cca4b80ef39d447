import type { Dialect } from './dialect.ts';
import { SWITCH_NAMES, SWITCHES } from './switches.ts';

/** A server that follows RFC 7591, RFC 7592 and RFC 6750. Every other dialect is described by its differences. */
export const rfc7591 = Object.fromEntries(
  Object.entries(SWITCHES).map(([name, row]) => [name, row.default]),
) as Dialect;

/** The part of a dialect on which the documents to send depend. */
export function shapingPart(dialect: Dialect): Partial<Dialect> {
  const shaping = SWITCH_NAMES.filter((name) => SWITCHES[name].shapesDocuments);
  return Object.fromEntries(shaping.map((name) => [name, dialect[name]]));
}
