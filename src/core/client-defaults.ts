import type { OAuthClientSpec } from '../api/oauth-client.ts';
import {
  additionalNameProblem,
  type ClientMetadata,
  MEMBERS,
  type Member,
  specName,
} from '../oauth/client-metadata.ts';
import { presentable } from '../oauth/error-response.ts';
import { isJsonObject, type Json, type JsonObject, nestsTooDeep } from '../oauth/json.ts';
import { cut } from '../oauth/text.ts';
import { MAX_URL_LENGTH, uriPattern } from '../oauth/url.ts';
import type { Problem } from './problem.ts';

/** Merges `spec.defaults` of a server object into `spec.client` of an OAuthClient. */

/** What the placeholders `{namespace}`, `{name}` and `{cluster}` stand for. */
export interface PlaceholderValues {
  readonly namespace: string;
  readonly name: string;
  readonly cluster: string;
}

/** Metadata by spec names, with `localized` and `additionalMetadata` as parts of their own. */
interface Parts {
  readonly members: JsonObject;
  readonly localized: Readonly<Record<string, JsonObject>>;
  readonly additional: JsonObject;
}

/**
 * Merges the server's defaults into a client's metadata: member by member, in `localized` by tag, in
 * `additionalMetadata` by name. The client's value wins, also an empty list. Placeholders are replaced in every string
 * of the defaults, percent-encoded where the member is a URI; an unknown placeholder stays as it is.
 *
 * `jwks` and `jwksUri` exclude each other (RFC 7591 section 2). With a generated key, no default sets either of them or
 * how the client authenticates.
 *
 * @returns `InvalidSpec` where a default that this client would take can't be used
 */
export function withDefaults(
  { client, credential }: Pick<OAuthClientSpec, 'client' | 'credential'>,
  defaults: ClientMetadata,
  values: PlaceholderValues,
): ClientMetadata | Problem {
  const declared = toParts(client);
  const taken = notOverridden(toParts(defaults), declared, credential?.generatedKey !== undefined);
  if (nestsTooDeep(taken.members) || nestsTooDeep(taken.additional)) {
    return problemOf('spec.defaults nests deeper than 16 levels; ask the platform team to make it flatter.');
  }
  const filled = fillParts(taken, values);
  const problem = defaultProblem(filled);
  return problem === undefined ? fromParts(filled, declared) : problemOf(problem);
}

const problemOf = (problem: string): Problem => ({
  reason: 'InvalidSpec',
  message: `The server object's ${problem}`,
});

function toParts({ localized = {}, additionalMetadata = {}, ...members }: ClientMetadata): Parts {
  return {
    members: declaredIn(members),
    localized: declaredIn(localized) as Readonly<Record<string, JsonObject>>,
    additional: additionalMetadata,
  };
}

const declaredIn = (object: object): JsonObject =>
  Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));

function fromParts(defaults: Parts, declared: Parts): ClientMetadata {
  const names = new Set([...Object.keys(defaults.localized), ...Object.keys(declared.localized)]);
  const localized = [...names].map((name) => [
    name,
    { ...defaults.localized[name], ...declared.localized[name] },
  ]);
  return {
    ...defaults.members,
    ...declared.members,
    localized: Object.fromEntries(localized) as NonNullable<ClientMetadata['localized']>,
    additionalMetadata: { ...defaults.additional, ...declared.additional },
  } as ClientMetadata;
}

const KEY_MEMBERS = ['jwks', 'jwksUri'];
const AUTHENTICATION = ['tokenEndpointAuthMethod', 'tokenEndpointAuthSigningAlg'];

/** The defaults that the client doesn't override. */
function notOverridden(defaults: Parts, declared: Parts, hasGeneratedKey: boolean): Parts {
  const hasKeys = hasGeneratedKey || KEY_MEMBERS.some((name) => Object.hasOwn(declared.members, name));
  const overridden = new Set([
    ...Object.keys(declared.members),
    ...(hasKeys ? KEY_MEMBERS : []),
    ...(hasGeneratedKey ? AUTHENTICATION : []),
  ]);
  const localized = Object.entries(defaults.localized).map(([name, translations]) => {
    const tags = new Set(Object.keys(declared.localized[name] ?? {}).map(lowerCase));
    return [name, without(translations, (tag) => tags.has(lowerCase(tag)))] as const;
  });
  return {
    members: without(defaults.members, (name) => overridden.has(name)),
    localized: Object.fromEntries(localized),
    additional: without(defaults.additional, (name) => Object.hasOwn(declared.additional, name)),
  };
}

/** Language tags are case-insensitive (RFC 5646 section 2.1.1). */
const lowerCase = (tag: string): string => tag.toLowerCase();

const without = (object: JsonObject, isOut: (name: string) => boolean): JsonObject =>
  Object.fromEntries(Object.entries(object).filter(([name]) => !isOut(name)));

const bySpecName = new Map<string, Member>(MEMBERS.map((member) => [specName(member.wire), member]));

const isUri = (name: string): boolean => /^uris?$/.test(bySpecName.get(name)?.type ?? '');

const PLACEHOLDER = /\{(namespace|name|cluster)\}/g;

function fillParts(parts: Parts, values: PlaceholderValues): Parts {
  const fill = (name: string, value: Json): Json => {
    const encode = isUri(name) ? encodeURIComponent : String;
    return mapStrings(value, (text) =>
      text.replace(PLACEHOLDER, (_, placeholder: keyof PlaceholderValues) => encode(values[placeholder])),
    );
  };
  const fillEach = (object: JsonObject): JsonObject =>
    Object.fromEntries(Object.entries(object).map(([name, value]) => [name, fill(name, value)]));
  return {
    members: fillEach(parts.members),
    localized: fillEach(parts.localized) as Parts['localized'],
    additional: fillEach(parts.additional),
  };
}

function mapStrings(value: Json, map: (text: string) => string): Json {
  if (typeof value === 'string') {
    return map(value);
  }
  if (Array.isArray(value)) {
    return value.map((item: Json) => mapStrings(item, map));
  }
  return isJsonObject(value)
    ? Object.fromEntries(Object.entries(value).map(([name, item]) => [name, mapStrings(item, map)]))
    : value;
}

/** The CRD demands the same of a client's own URIs. A default is checked only after its placeholders are filled. */
/** By whether the member permits no fragment. */
const PATTERNS = { true: new RegExp(uriPattern(true)), false: new RegExp(uriPattern(false)) } as const;

/** RFC 6749 section 3.3. */
const SCOPE_TOKEN = /^[!#-[\]-~]+$/;

/** The problem with the defaults that a client takes, as the end of a sentence about the server object. */
function defaultProblem({ members, localized, additional }: Parts): string | undefined {
  if (KEY_MEMBERS.every((name) => Object.hasOwn(members, name))) {
    return 'spec.defaults sets jwks and jwksUri, of which a client can have one; ask the platform team to remove one.';
  }
  const name = Object.keys(additional).find((wire) => additionalNameProblem(wire) !== undefined);
  if (name !== undefined) {
    return `spec.defaults.additionalMetadata can't hold ${presentable(cut(name, 200), [])}; ask the platform team to remove it.`;
  }
  const texts = [
    ...Object.entries(members).flatMap(([member, value]) => placed(member, member, value)),
    ...Object.entries(localized).flatMap(([member, translations]) =>
      Object.entries(translations).flatMap(([tag, text]) =>
        placed(member, `localized.${member}.${tag}`, text),
      ),
    ),
  ];
  for (const { member, field, text } of texts) {
    const fault = textFault(member, text);
    if (fault !== undefined) {
      const [place, given] = [field, text].map((part) => presentable(cut(part, 200), []));
      return `spec.defaults.${place} gives this client "${given}", which is not ${fault}; ask the platform team to correct it, or set spec.client.${place}.`;
    }
  }
  return undefined;
}

interface PlacedText {
  readonly member: string;
  readonly field: string;
  readonly text: string;
}

const placed = (member: string, field: string, value: Json): readonly PlacedText[] =>
  (Array.isArray(value) ? value : [value]).flatMap((text: Json) =>
    typeof text === 'string' ? [{ member, field, text }] : [],
  );

function textFault(member: string, text: string): string | undefined {
  const noFragment = bySpecName.get(member)?.noFragment === true;
  if (isUri(member) && (text.length > MAX_URL_LENGTH || !PATTERNS[`${noFragment}`].test(text))) {
    return `an absolute URI${noFragment ? ' without fragment' : ''} of at most ${MAX_URL_LENGTH} characters`;
  }
  return bySpecName.get(member)?.type === 'scope' && !SCOPE_TOKEN.test(text) ? 'one scope' : undefined;
}
