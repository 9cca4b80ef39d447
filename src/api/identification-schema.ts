import * as z from 'zod';
import { LONGEST_BASE_URL, LONGEST_DOCUMENT_URL } from '../oauth/client-document.ts';
import { MAX_URL_LENGTH } from '../oauth/url.ts';
import { boundedDuration } from './durations.ts';
import { rules } from './schema.ts';

/** How a server identifies clients: by registration, or by a document that it fetches (CIMD). */

const TOO_LONG = `must have at most ${LONGEST_BASE_URL} characters, since servers take a client_id of at most ${LONGEST_DOCUMENT_URL}, which is this URL with the name of the client behind it: use a shorter host, or a shorter path or none, like https://clients.example.com`;

const document = z
  .object({
    baseUrl: z
      .string()
      .max(MAX_URL_LENGTH)
      .refine((text) => text.length <= LONGEST_BASE_URL, TOO_LONG)
      .meta({
        description: `URL under which the operator serves the documents of clients, like https://clients.example.com; at most ${LONGEST_BASE_URL} characters, lower case, without "/" at its end. The install must serve it, and the server must trust its host. It can't be changed while clients have documents there.`,
        ...rules(
          { rule: `size(self) <= ${LONGEST_BASE_URL}`, message: TOO_LONG },
          {
            rule: "self.matches('^https://[a-z0-9][a-z0-9.-]*(:[0-9]{1,5})?(/[a-z0-9._~-]+)*$')",
            message:
              'must be written as https://host or https://host/path in lower case, without query and without "/" at its end, like https://clients.example.com',
          },
        ),
      }),
    maxAge: boundedDuration(
      'maxAge',
      'How long servers may keep a copy, 30s to 24h: for so long an outage of the documents is survived, and a change may take.',
    ).default('5m'),
    primeAuthorization: z.enum(['Never', 'OnPublish']).default('Never').meta({
      description:
        'Whether the operator makes the server fetch a document by one authorization request that ends at the login page. Never: the server fetches it when it is used. OnPublish: for Keycloak, which fetches documents at authorization requests alone; client_credentials needs it there.',
    }),
    revoke: z.enum(['Withdraw', 'Gone']).default('Withdraw').meta({
      description:
        'How a document ends. Withdraw: for an hour at least the URL shows a client that nobody can use, which revokes at servers that keep what they fetched; then it is gone. Gone: it is gone at once.',
    }),
  })
  .meta({ description: 'Needed for the modes Document and Auto.' });

export const identification = z
  .object({
    mode: z.enum(['Registration', 'Document', 'Auto']).default('Registration').meta({
      description:
        'How clients get their identifier. Registration: the server gives it when the client is registered. Document: it is the URL of a document that the operator serves and the server fetches (Client ID Metadata Document). Auto: Document where the server publishes client_id_metadata_document_supported, else Registration. While there are clients, Auto stays what it was for the first. Some servers publish it wrongly, so set the mode where you know it.',
    }),
    document: document.optional(),
  })
  .meta({ description: 'How the server identifies clients.' })
  .prefault({});
