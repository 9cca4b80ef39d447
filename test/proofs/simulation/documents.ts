import { toDocumentObject } from '../../../src/core/served-document.ts';
import { parseJsonObject } from '../../../src/oauth/json.ts';
import type { Change } from '../../kit/fakes/cluster.ts';
import { type AuthorizationServer, ISSUER, pathOf } from './authorization-server.ts';

/** The process that serves documents, and a server that fetches them: what is served is what the server knows. */

export const DOCUMENTS_NAMESPACE = 'documents';
export const BASE_URL = `${ISSUER}/clients`;

/**
 * A client exists while its document is written; a withdrawal ends it. The public URL follows later.
 *
 * @param later does something after a while
 */
export function followDocuments(
  { documents, answered, clients, issued }: AuthorizationServer,
  later: (act: () => void) => void,
) {
  const answer = (path: string): void => {
    const now = documents.get(path);
    later(() => (now === undefined ? answered.delete(path) : answered.set(path, now)));
  };
  return ({ kind, before, after }: Change): void => {
    const object = after ?? before;
    if (kind !== 'ConfigMap' || object?.metadata.namespace !== DOCUMENTS_NAMESPACE) {
      return;
    }
    const { served } = toDocumentObject(object);
    if (served === undefined) {
      return;
    }
    const { url, body, keys } = served;
    const { client_id: id, client_name: name, ...metadata } = parseJsonObject(body) ?? {};
    documents.delete(pathOf(url));
    documents.delete(`${pathOf(url)}/jwks`);
    clients.delete(url);
    if (after === undefined) {
      answer(pathOf(url));
      answer(`${pathOf(url)}/jwks`);
      return;
    }
    documents.set(pathOf(url), body);
    if (keys !== undefined) {
      documents.set(`${pathOf(url)}/jwks`, keys);
    }
    answer(pathOf(url));
    answer(`${pathOf(url)}/jwks`);
    if (name !== 'Withdrawn' && id === url) {
      const attempt = object.metadata.name.slice(object.metadata.name.lastIndexOf('-') + 1);
      clients.set(url, {
        id: url,
        attempt,
        secret: '',
        token: '',
        metadata: { client_name: name ?? '', ...metadata },
      });
      issued.add(`${url} `);
    }
  };
}
