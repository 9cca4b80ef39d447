import { RESOURCES } from '../../api/kubernetes.ts';
import type { ClientIdentity } from '../../core/record.ts';
import { type ServedDocument, toDocumentConfigMap } from '../../core/served-document.ts';
import type { HttpRequest } from '../../oauth/http-message.ts';
import type { JsonObject } from '../../oauth/json.ts';
import { Sensitive } from '../../oauth/sensitive.ts';
import type { Context } from '../context.ts';
import type { ApiResult, HttpOutcome } from '../ports.ts';

/**
 * The operator's own registrar: it answers as RFC 7591 and RFC 7592 say, and a client is a document that
 * `oauth-registrar documents` serves.
 */

/** What becomes of the ConfigMap with a document. Its name is that of the registration Secret. */
export type DocumentWrite = ServeDocument | { readonly kind: 'Remove'; readonly name: string };

interface ServeDocument {
  readonly kind: 'Serve';
  readonly name: string;
  readonly client: ClientIdentity;
  readonly served: ServedDocument;
  /** What the answer says of the client. */
  readonly metadata: JsonObject;
  /** Whether there is no document yet, as far as is known. */
  readonly isNew: boolean;
}

/** A request that the operator answers itself, since clients of this server are identified by its documents. */
export interface OwnRequest extends HttpRequest {
  readonly write: DocumentWrite;
}

/** @param url the client_id */
export const ownRequest = (url: string, write: DocumentWrite): OwnRequest => ({
  method: write.kind === 'Remove' ? 'DELETE' : 'PUT',
  url,
  headers: {},
  write,
});

type RegistrarContext = Pick<Context, 'api' | 'settings'>;

/**
 * Writes, and answers as a server would: with the client as it is registered now. A refusal of the API server counts as
 * not sent, since nothing was done. Of a fault (5xx) nobody knows that: a write may have had its effect.
 */
export async function answerOwn({ write }: OwnRequest, context: RegistrarContext): Promise<HttpOutcome> {
  const namespace = context.settings.documents?.namespace;
  if (namespace === undefined) {
    return nothingWritten('this installation serves no documents');
  }
  if (write.kind === 'Remove') {
    const gone = await context.api.delete(RESOURCES.configMap, { namespace, name: write.name });
    return gone.ok || gone.status === 404 ? answered(204, '') : apiFailure(gone, 'removed');
  }
  const written = await serve(write, namespace, context);
  const { url } = write.served;
  const answer = { ...write.metadata, client_id: url, registration_client_uri: url };
  return written.ok ? answered(200, JSON.stringify(answer)) : apiFailure(written, 'written');
}

/**
 * Creates the ConfigMap, or takes the place of the one that is there. Of that the version is read first: a write whose
 * answer was lost may still arrive, and must not overwrite a later one.
 */
async function serve(
  { name, client, served, isNew }: ServeDocument,
  namespace: string,
  { api }: RegistrarContext,
): Promise<ApiResult<unknown> | Unread> {
  const object = toDocumentConfigMap(served, { name, namespace, client });
  const create = () => api.create(RESOURCES.configMap, object);
  const created = isNew ? await create() : undefined;
  if (created !== undefined && (created.ok || created.status !== 409)) {
    return created;
  }
  const found = await api.get(RESOURCES.configMap, { namespace, name }, 'metadata');
  if (!found.ok) {
    return found.reason === 'NotFound' ? create() : { ...found, isRead: true };
  }
  const { resourceVersion = '' } = found.object.metadata;
  return api.replace(RESOURCES.configMap, { ...object, metadata: { ...object.metadata, resourceVersion } });
}

const answered = (status: number, body: string): HttpOutcome => ({
  kind: 'answered',
  status,
  headers: { 'content-type': 'application/json' },
  body: new Sensitive(body),
});

/** The read before a write failed, so nothing was written. */
type Unread = Extract<ApiResult<unknown>, { readonly ok: false }> & { readonly isRead: true };

const apiFailure = (
  { status, message, ...failed }: Extract<ApiResult<unknown>, { readonly ok: false }> | Unread,
  what: string,
): HttpOutcome =>
  !('isRead' in failed) && (status === 0 || status === 408 || status >= 500)
    ? {
        kind: 'noAnswer',
        reason: 'ConnectionLost',
        detail: `whether the ConfigMap of the document was ${what} is not known`,
      }
    : nothingWritten(`the API server refuses that the ConfigMap of the document is ${what}: ${message}`);

const nothingWritten = (detail: string): HttpOutcome => ({
  kind: 'notSent',
  reason: 'Unsendable',
  detail,
  isOwn: true,
});
