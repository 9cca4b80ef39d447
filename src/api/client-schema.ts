import * as z from 'zod';
import { MEMBERS, type Member, type MemberType, specName } from '../oauth/client-metadata.ts';
import { anyObject, described, list, rules, set, stringMap, text } from './schema.ts';

/** Client metadata as people write it: `spec.client` of an OAuthClient, and `spec.defaults` of a server. */

const absoluteUri = () =>
  z
    .string()
    .max(2048)
    .meta(
      rules({
        rule: "self.matches('^[A-Za-z][A-Za-z0-9+.-]*:[^#[:space:][:cntrl:]]+$')",
        message: 'must be an absolute URI without fragment, like https://app.example.com/callback',
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

const strict: Readonly<Record<MemberType, (member: Member) => z.ZodType>> = {
  string: () => text(2048),
  uri: absoluteUri,
  strings: ({ ordered }) => (ordered ? list : set)(text(512), 64),
  uris: () => set(absoluteUri(), 32),
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
          .meta({ description: `Language tag to text, sent as \`${member.wire}#tag\`.`, maxProperties: 32 })
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
      description: 'Members without a field of their own, by wire name, passed through as they are.',
      'x-kubernetes-preserve-unknown-fields': true,
      maxProperties: 64,
    })
    .optional(),
});

const isPublic = "self.tokenEndpointAuthMethod == 'none'";

export const clientSchema = z.object(fieldsOf(strict)).meta({
  description: 'Client metadata (RFC 7591 section 2). What is unset is not sent; an empty list is.',
  ...rules(
    {
      rule: '!(has(self.jwks) && has(self.jwksUri))',
      message: 'set jwks or jwksUri, not both (RFC 7591 section 2)',
    },
    {
      rule: `!has(self.tokenEndpointAuthMethod) || !(${isPublic}) || !has(self.tokenEndpointAuthSigningAlg)`,
      message: 'tokenEndpointAuthMethod none has no assertion to sign: remove tokenEndpointAuthSigningAlg',
    },
    {
      rule: `!has(self.tokenEndpointAuthMethod) || !(${isPublic}) || !has(self.idTokenSignedResponseAlg) || !self.idTokenSignedResponseAlg.startsWith('HS')`,
      message:
        'an HS algorithm needs a client secret, and tokenEndpointAuthMethod none has none: choose another idTokenSignedResponseAlg',
    },
  ),
});

export const defaultsSchema = z.object(fieldsOf(withPlaceholders)).meta({
  description:
    "Client metadata for clients that don't say otherwise: merged member by member, the client wins, lists are replaced. `{namespace}`, `{name}` and `{cluster}` stand for those of the client.",
});
