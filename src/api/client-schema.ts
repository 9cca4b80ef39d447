import * as z from 'zod';
import {
  MEMBERS,
  type Member,
  type MemberType,
  REDIRECTING_GRANTS,
  specName,
} from '../oauth/client-metadata.ts';
import { MAX_URL_LENGTH, uriPattern } from '../oauth/url.ts';
import { anyObject, celText, described, list, rules, set, stringMap, text } from './schema.ts';

/** Client metadata as people write it: `spec.client` of an OAuthClient, and `spec.defaults` of a server. */

const uri = ({ noFragment }: Member) =>
  z
    .string()
    .max(MAX_URL_LENGTH)
    .meta(
      rules({
        rule: `self.matches(${celText(uriPattern(noFragment === true))})`,
        message: `must be an absolute URI${noFragment ? ' without fragment' : ''}, like https://app.example.com/callback`,
      }),
    );

/** One scope (RFC 6749 section 3.3). */
export const scopeToken = () =>
  z
    .string()
    .min(1)
    .max(256)
    .meta(
      rules({
        rule: "self.matches('^[!#-\\\\[\\\\]-~]+$')",
        message: 'must be one scope: printable characters without space, quote or backslash',
      }),
    );

/** A name of the registry, where none has capital letters, or a URI (RFC 7591 section 2). */
const authMethod = () =>
  text(512).meta(
    rules({
      rule: "self.matches('^([a-z0-9._-]+|[A-Za-z][A-Za-z0-9+.-]*:.+)$')",
      message: 'must be spelled as in the registry, like client_secret_basic, private_key_jwt or none',
    }),
  );

/** RFC 6749 section 4.5 and appendix A.10: a name or a URI. */
const grantType = () =>
  text(512).meta(
    rules({
      rule: "self.matches('^[!-~]+$')",
      message:
        'must be one grant type, like authorization_code, refresh_token or client_credentials; list several one by one',
    }),
  );

const strict: Readonly<Record<MemberType, (member: Member) => z.ZodType>> = {
  string: ({ wire }) => (wire === 'token_endpoint_auth_method' ? authMethod() : text(2048)),
  uri,
  strings: ({ ordered, wire }) =>
    ordered ? list(text(512), 64) : set(wire === 'grant_types' ? grantType() : text(512), 64),
  uris: (member) => set(uri(member), 32),
  scope: () => set(scopeToken(), 64),
  boolean: () => z.boolean(),
  integer: () => z.int().min(0).max(4_000_000_000),
  object: anyObject,
};

/** In defaults a value may hold placeholders; what comes of them is judged with the rest of the client's metadata. */
const withPlaceholders: typeof strict = {
  ...strict,
  uri: () => text(2048),
  uris: () => set(text(2048), 32),
};

const localized = z
  .object(
    Object.fromEntries(
      MEMBERS.filter((member) => 'localizable' in member).map((member) => [
        specName(member.wire),
        stringMap(32, 2048)
          .meta({
            description: `Language tag (RFC 5646) to text, like \`de-AT: …\`, sent as \`${member.wire}#de-AT\`.`,
            ...rules(
              {
                rule: "self.all(tag, tag.matches('^[A-Za-z0-9]{1,8}(-[A-Za-z0-9]{1,8})*$'))",
                message: 'a key must be a language tag, like ja or de-AT (RFC 5646)',
              },
              {
                rule: "self.all(tag, !(tag in ['true', 'false']))",
                message:
                  'true and false are no languages, and YAML reads no and on as such: quote the key, like "no"',
              },
            ),
          })
          .optional(),
      ]),
    ),
  )
  .meta({ description: 'Members in several languages (RFC 7591 section 2.2).' });

const fieldsOf = (schemaOf: typeof strict) => ({
  ...Object.fromEntries(
    MEMBERS.map((member: Member) => {
      const { wire, type, source, description } = member;
      const schema = described(schemaOf[type](member), `${description} \`${wire}\`, ${source}.`);
      return [specName(wire), schema.optional()];
    }),
  ),
  localized: localized.optional(),
  additionalMetadata: anyObject()
    .meta({
      ...anyObject().meta(),
      description:
        'Members without a field of their own, by wire name, sent unchanged, like `cost_center: "4711"`.',
    })
    .optional(),
});

const isPublic = "(has(self.tokenEndpointAuthMethod) && self.tokenEndpointAuthMethod == 'none')";

/** JWS and JWE algorithms whose key is the client secret (OpenID Connect Core 1.0 sections 10.1 and 10.2). */
const BY_SECRET = '^(HS[0-9]+|dir|A[0-9]+(GCM)?KW|PBES2-.*)$';
const algorithmFields = MEMBERS.map(({ wire }) => wire)
  .filter((wire) => wire.endsWith('_alg') && wire !== 'token_endpoint_auth_signing_alg')
  .map((wire) => `self.${specName(wire)}`);
const needsSecret = algorithmFields.map((field) => `(has(${field}) && ${field}.matches('${BY_SECRET}'))`);

/** OpenID Connect Registration section 2, RFC 9701 section 6: the content is encrypted only where a key is. */
const encryptionPairs = MEMBERS.filter(({ wire }) => wire.endsWith('_enc')).map(({ wire }) => {
  const [enc, alg] = [specName(wire), specName(wire.replace(/_enc$/, '_alg'))];
  return {
    rule: `!has(self.${enc}) || has(self.${alg})`,
    message: `${enc} needs ${alg}: set both, or ${alg} alone`,
  };
});

export const clientSchema = z.object(fieldsOf(strict)).meta({
  description: 'Client metadata (RFC 7591 section 2). What is unset is not sent; an empty list is.',
  ...rules(
    {
      rule: '!(has(self.jwks) && has(self.jwksUri))',
      message: 'set jwks or jwksUri, not both (RFC 7591 section 2)',
    },
    {
      rule: `!${isPublic} || !has(self.tokenEndpointAuthSigningAlg)`,
      message: 'tokenEndpointAuthMethod none has no assertion to sign: remove tokenEndpointAuthSigningAlg',
    },
    {
      rule: `!${isPublic} || !(${needsSecret.join(' || ')})`,
      message:
        'HS algorithms, dir and key wrapping need a client secret, and a client with tokenEndpointAuthMethod none has none: choose other algorithms, or another method',
    },
    {
      rule: `!has(self.redirectUris) || size(self.redirectUris) > 0 || !has(self.grantTypes) || !self.grantTypes.exists(g, g in ${JSON.stringify(REDIRECTING_GRANTS)})`,
      message:
        'authorization_code and implicit send users back to a redirect URI: list one in redirectUris, or remove the grant type',
    },
    ...encryptionPairs,
  ),
});

export const defaultsSchema = z.object(fieldsOf(withPlaceholders)).meta({
  description:
    "Client metadata for clients that don't say otherwise: merged member by member, the client wins, lists are replaced. `{namespace}`, `{name}` and `{cluster}` stand for those of the client, like `{clientUri: https://{name}.example.com}`.",
});
