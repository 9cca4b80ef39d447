import { clientInformationFormat } from './client-information.ts';
import { envFileFormat } from './env-file.ts';
import type { SecretFormat } from './format.ts';
import { jsonFormat } from './json.ts';
import { keysFormat } from './keys.ts';
import { oauth2ProxyFormat } from './oauth2-proxy.ts';
import { serviceBindingFormat } from './service-binding.ts';
import { springConfigTreeFormat } from './spring-config-tree.ts';
import { templateFormat } from './template-only.ts';

/** Every format that a Secret of a workload can have; the first is the default. */
export const FORMATS = [
  keysFormat,
  serviceBindingFormat,
  envFileFormat,
  jsonFormat,
  clientInformationFormat,
  oauth2ProxyFormat,
  springConfigTreeFormat,
  templateFormat,
] as const satisfies readonly SecretFormat[];

/** The names of the formats of a table, in its order. */
export const namesOfFormats = <Format extends SecretFormat>(
  formats: readonly Format[],
): readonly Format['name'][] => formats.map(({ name }) => name);

/** The types of Secrets that the formats of a table give, each once. */
export const secretTypesOf = (formats: readonly SecretFormat[]): readonly string[] => [
  ...new Set(formats.map(({ secretType }) => secretType)),
];

/** The format of that name; the default where there is none of that name, or no name. */
export const formatNamed = (name: string | undefined, formats: readonly SecretFormat[]): SecretFormat =>
  formats.find((format) => format.name === name) ?? keysFormat;
