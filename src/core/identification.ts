import type { AuthorizationServerSpec, ServerKind } from '../api/authorization-server.ts';
import { boundedMs } from '../api/durations.ts';
import type { Dialect } from '../dialects/dialect.ts';
import { rfc7591 } from '../dialects/rfc7591.ts';
import type { DocumentTerms } from './connection.ts';
import type { Problem } from './problem.ts';

/** Whether a server object identifies clients by documents, and whether the install serves them for it. */

/** Base URLs that the install serves, by the kind of server object that may use them. */
export interface DocumentHosting {
  /** Namespace of the ConfigMaps with documents. */
  readonly namespace: string;
  readonly baseUrls: readonly string[] | 'Any';
  /** Of other hosts: servers trust a document by its host. */
  readonly namespacedBaseUrls: readonly string[] | 'Any';
}

/** @param takesDocuments what the server says itself; `undefined`: not known */
export const identificationOf = (
  { identification: { mode } }: AuthorizationServerSpec,
  takesDocuments: boolean | undefined,
): 'Registration' | 'Document' =>
  mode === 'Auto' ? (takesDocuments === true ? 'Document' : 'Registration') : mode;

/** How documents are served for a server object, or why they are not. */
export function documentTerms(
  kind: ServerKind,
  { identification: { document } }: AuthorizationServerSpec,
  hosting: DocumentHosting | undefined,
): DocumentTerms | Problem {
  if (document === undefined) {
    return { reason: 'InvalidSpec', message: 'spec.identification.document.baseUrl is missing.' };
  }
  const { baseUrl, maxAge, primeAuthorization, revoke } = document;
  const served = kind === 'ClusterAuthorizationServer' ? hosting?.baseUrls : hosting?.namespacedBaseUrls;
  if (served !== 'Any' && served?.includes(baseUrl) !== true) {
    return {
      reason: 'DocumentsNotServed',
      message: `Documents under ${baseUrl} are not served by this installation${kind === 'ClusterAuthorizationServer' ? '' : ' for an AuthorizationServer'}. Set spec.identification.document.baseUrl to one that is, or ask the platform team to add it.`,
    };
  }
  const primes = primeAuthorization === 'OnPublish';
  return { baseUrl, maxAge: boundedMs('maxAge', maxAge) / 1000, primes, revoke };
}

/**
 * The form of documents, at any server: as RFC 7591 has it, without translations, which some servers refuse. What the
 * server object leaves out is left out here, too.
 */
export const documentDialect = ({
  membersNotSent,
  scopesNotSent,
}: {
  readonly membersNotSent?: readonly string[] | undefined;
  readonly scopesNotSent?: readonly string[] | undefined;
}): Dialect => ({
  ...rfc7591,
  languageTags: 'Omit',
  membersNotSent: membersNotSent ?? [],
  scopesNotSent: scopesNotSent ?? [],
});
