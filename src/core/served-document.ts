import type { ConfigMap, KubernetesObject } from '../api/kubernetes.ts';
import { LABELS } from '../api/names.ts';
import { type ClientDocument, MOST_DOCUMENT_BYTES, MOST_KEYS_BYTES } from '../oauth/client-document.ts';
import { isJsonObject } from '../oauth/json.ts';
import { defined } from '../oauth/objects.ts';
import type { ClientIdentity } from './record.ts';
import { labelValue } from './short-name.ts';

/**
 * What `oauth-registrar documents` serves for one client: a ConfigMap in the namespace of documents, which only the
 * operator writes. It has the name of the client's registration Secret.
 */
export interface ServedDocument extends ClientDocument {
  /** Seconds that a server may keep its copy. */
  readonly maxAge: number;
}

/** As the process that serves it keeps it. */
export interface DocumentObject extends KubernetesObject {
  /** `undefined`: the ConfigMap can't be read, so nothing is served. */
  readonly served: ServedDocument | undefined;
}

const KEYS = { url: 'url', body: 'client.json', keys: 'jwks.json', maxAge: 'max-age' } as const;

/** The ConfigMap to write. */
export function toDocumentConfigMap(
  { url, body, keys, maxAge }: ServedDocument,
  {
    name,
    namespace,
    client,
  }: { readonly name: string; readonly namespace: string; readonly client: ClientIdentity },
): ConfigMap {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      name,
      namespace,
      labels: {
        [LABELS.document]: 'true',
        [LABELS.clientNamespace]: client.namespace,
        [LABELS.clientName]: labelValue(client.name),
        [LABELS.clientUid]: client.uid,
      },
    },
    data: defined({
      [KEYS.url]: url,
      [KEYS.body]: body,
      [KEYS.keys]: keys,
      [KEYS.maxAge]: String(maxAge),
    }) as Record<string, string>,
  };
}

const LONGEST_MAX_AGE = 86_400;

/** Reads a ConfigMap with any content. Only what a document needs is kept. */
export function toDocumentObject(raw: KubernetesObject): DocumentObject {
  const { name, namespace, uid, resourceVersion } = raw.metadata;
  return {
    metadata: { name, ...defined({ namespace, uid, resourceVersion }) },
    served: servedIn((raw as ConfigMap).data),
  };
}

function servedIn(data: unknown): ServedDocument | undefined {
  if (!isJsonObject(data)) {
    return undefined;
  }
  const { [KEYS.url]: url, [KEYS.body]: body, [KEYS.keys]: keys, [KEYS.maxAge]: age } = data;
  const maxAge = Number(age);
  const isUsable =
    typeof url === 'string' &&
    URL.canParse(url) &&
    typeof body === 'string' &&
    Buffer.byteLength(body) <= MOST_DOCUMENT_BYTES &&
    (keys === undefined || (typeof keys === 'string' && Buffer.byteLength(keys) <= MOST_KEYS_BYTES)) &&
    Number.isInteger(maxAge) &&
    maxAge >= 0 &&
    maxAge <= LONGEST_MAX_AGE;
  return isUsable ? { url, body, maxAge, ...(typeof keys === 'string' ? { keys } : {}) } : undefined;
}

/**
 * Under what a request finds a document: host and path, without the port, since some servers leave it out of the header
 * `Host`. The host counts, so that nobody's document is served under the name of another.
 */
export const documentPlace = (host: string, path: string): string =>
  `${host.toLowerCase().replace(/:[0-9]+$/, '')}${path}`;
