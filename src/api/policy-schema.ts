import * as z from 'zod';
import { scopeToken } from './client-schema.ts';
import { boundedDuration } from './durations.ts';
import { rules, set, text } from './schema.ts';

/** What a cluster server permits: judged on the body that is really sent. */

const host = () =>
  text(253).meta(
    rules({
      rule: "self.matches('^([*][.])?[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$') || self.matches('^[[][0-9A-Fa-f:.]+[]]$')",
      message:
        'must be a host, like shop.example.com, or a domain with all below it, like *.example.com, without scheme, port and path',
    }),
  );

const redirectPattern = () =>
  text(2048).meta(
    rules({
      rule: "self.contains(':')",
      message: 'must be a whole URI with its scheme, like https://*.example.com/callback',
    }),
  );

const DENY = z.enum(['Deny', 'Allow']).default('Deny');

export const policy = z
  .object({
    uriHosts: set(host(), 64)
      .meta({
        description:
          'Permitted hosts of URIs in the metadata, like `shop.example.com` or `*.example.com`: the server may fetch or call them. Default: any.',
      })
      .optional(),
    redirectUriPatterns: set(redirectPattern(), 64)
      .meta({
        description:
          'Redirect URIs, with `*` for any characters within one segment of host or path, like `https://*.example.com/callback`. Default: any.',
      })
      .optional(),
    scopes: set(scopeToken(), 128)
      .meta({ description: 'Scopes that clients may have, like `[openid, profile]`. Default: any.' })
      .optional(),
    grantTypes: set(text(256), 32)
      .meta({ description: 'Grant types that clients may use, like `[authorization_code]`. Default: any.' })
      .optional(),
    responseTypes: set(text(256), 32)
      .meta({ description: 'Response types that clients may use, like `[code]`. Default: any.' })
      .optional(),
    tokenEndpointAuthMethods: set(text(256), 32)
      .meta({
        description: 'Ways in which clients may authenticate, like `[private_key_jwt]`. Default: any.',
      })
      .optional(),
    additionalMetadata: z
      .object({
        allowed: set(text(256), 128).meta({ description: 'Wire names of members, like `[tiers]`.' }),
      })
      .meta({ description: 'Members without a field of their own that clients may set. Default: none.' })
      .optional(),
    clientIdentifier: DENY.meta({
      description: 'Whether clients may ask for a client identifier of their choosing.',
    }),
    adoption: DENY.meta({ description: 'Whether OAuthClients may adopt clients that exist already.' }),
    maxClientsPerNamespace: z
      .int()
      .min(0)
      .max(1_000_000)
      .meta({
        description:
          'Clients that may exist at the server for one namespace; those that are kept, still to be removed or left behind count. Default: any number.',
      })
      .optional(),
    defaultsOnly: set(text(256), 64)
      .meta({
        description:
          'Members that only `defaults` may set, like `[clientName, logoUri]`: users may take them for statements of the platform. Default: none.',
      })
      .optional(),
    algorithms: set(text(64), 64)
      .meta({
        description:
          'Algorithms of every member that names one (`…_alg`, `…_enc`), as the JOSE registry spells them. `none` is permitted only where it is listed here. Default: any but `none`.',
      })
      .optional(),
    schemes: z.enum(['Any', 'HttpsOnly']).default('Any').meta({
      description:
        'Permitted schemes of URIs in the metadata. Any: also those of applications, like `com.example.app:/cb`, but none that runs a script, like `javascript`. HttpsOnly: https alone.',
    }),
    maxOverlap: boundedDuration(
      'maxOverlap',
      'Longest time that a replaced client stays registered, 0s to 720h, like 24h; a longer overlap is shortened to it. Default: as the client says.',
    ).optional(),
    retain: z.enum(['Allow', 'Deny']).default('Allow').meta({
      description: 'Whether a client may outlive its OAuthClient (`deletionPolicy: Retain`).',
    }),
    workloadIdentity: z.enum(['Deny', 'Allow', 'AllowDefaultAccount']).default('Deny').meta({
      description:
        'Whether clients may authenticate by what is issued for their workload (`credential.serviceAccount`, `credential.spiffe`), if workloadIdentity.mode is Allow. Allow: by any ServiceAccount of their namespace but `default`. AllowDefaultAccount: by `default`, too, which every Pod has that names no other.',
    }),
    enforce: z.enum(['New', 'Existing']).default('New').meta({
      description:
        'Which clients a change of `policy` or `allowedNamespaces` affects. New: later registrations and edits. Existing: also registered clients; one that is outside is Stalled, and its status says why; it stays Ready, since it works. Nothing is changed at the server.',
    }),
  })
  .meta({ description: 'Bounds on what clients may register. An absent list is no bound.' });

export type PolicySpec = z.infer<typeof policy>;
