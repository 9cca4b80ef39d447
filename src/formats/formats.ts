import type { SecretFormat } from './format.ts';
import { keysFormat } from './keys.ts';

/** Every format that a Secret of a workload can have; the first is the default. */
export const FORMATS = [keysFormat] as const satisfies readonly SecretFormat[];

/** The names of the formats of a table, in its order. */
export const namesOfFormats = <Format extends SecretFormat>(
  formats: readonly Format[],
): readonly Format['name'][] => formats.map(({ name }) => name);

/** The format of that name; the default where there is none of that name, or no name. */
export const formatNamed = (name: string | undefined, formats: readonly SecretFormat[]): SecretFormat =>
  formats.find((format) => format.name === name) ?? keysFormat;
