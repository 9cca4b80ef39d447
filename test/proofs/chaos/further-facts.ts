import type { ConfigMap, KubernetesObject } from '../../../src/api/kubernetes.ts';
import { LABELS } from '../../../src/api/names.ts';
import { toDocumentObject } from '../../../src/core/served-document.ts';
import { DOCUMENTS_NAMESPACE, type DocumentsProcess } from '../../kit/testbed/documents.ts';
import type { Testbed } from '../../kit/testbed/testbed.ts';
import { list } from './cluster-reads.ts';

/** Facts about what not every client has: documents, and workloads that are restarted. */

export interface Further {
  readonly documents: readonly Served[];
  /** Deployment → how often its spec was written, and for which credential it was restarted last. */
  readonly workloads: Readonly<
    Record<string, { readonly generation: number; readonly restartedAt?: string }>
  >;
}

/** A ConfigMap with a document, and what its public URL answers. */
export interface Served {
  readonly url: string;
  /** Name of the OAuthClient. */
  readonly object: string;
  readonly attempt: string;
  /** `undefined`: the ConfigMap is gone. */
  readonly body: string | undefined;
  readonly isWithdrawn: boolean;
  /** The body that is answered, or the status where it is not 200. */
  readonly answer: string | number;
}

/** By URL. */
export type KnownDocuments = Map<string, Served>;

/** @param known URLs of documents that were ever there, with their objects; new ones are added */
export async function readFurther(
  testbed: Testbed,
  ns: string,
  documents: DocumentsProcess,
  known: KnownDocuments,
): Promise<Further> {
  const maps = await list<ConfigMap>(
    testbed,
    `/api/v1/namespaces/${DOCUMENTS_NAMESPACE}/configmaps?labelSelector=${LABELS.document},${LABELS.clientNamespace}=${ns}`,
  );
  for (const url of known.keys()) {
    known.set(url, { ...(known.get(url) as Served), body: undefined });
  }
  for (const map of maps) {
    const { served } = toDocumentObject(map);
    if (served !== undefined) {
      const { name, labels = {} } = map.metadata;
      known.set(served.url, {
        url: served.url,
        object: labels[LABELS.clientName] ?? '',
        attempt: name.slice(name.lastIndexOf('-') + 1),
        body: served.body,
        isWithdrawn: isWithdrawn(served.body),
        answer: 0,
      });
    }
  }
  const answered = await Promise.all(
    [...known.values()].map(async (one) => {
      const { status, body } = await documents.fetch(one.url);
      return { ...one, answer: status === 200 ? body : status };
    }),
  );
  const deployments = await list<Deployment>(testbed, `/apis/apps/v1/namespaces/${ns}/deployments`);
  return {
    documents: answered,
    workloads: Object.fromEntries(
      deployments.map(({ metadata, spec }) => [
        metadata.name,
        {
          generation: metadata.generation ?? 0,
          restartedAt: spec.template.metadata.annotations?.['kubectl.kubernetes.io/restartedAt'] ?? '',
        },
      ]),
    ),
  };
}

interface Deployment extends KubernetesObject {
  readonly spec: {
    readonly template: { readonly metadata: { readonly annotations?: Readonly<Record<string, string>> } };
  };
}

const isWithdrawn = (body: string): boolean =>
  (JSON.parse(body) as { readonly client_name?: string }).client_name === 'Withdrawn';

/** A client exists while its document is served and not withdrawn. */
export const identifying = ({ documents }: Further): readonly (Served & { readonly body: string })[] =>
  documents.flatMap(({ body, ...one }) => (body === undefined || one.isWithdrawn ? [] : { ...one, body }));

/** What is served is what the ConfigMap has; where that is gone, nothing is. */
export const notAsServed = ({ url, object, body, answer }: Served): readonly string[] =>
  answer === (body ?? 410)
    ? []
    : [`the document ${url} of ${object} is not served as it is written: ${answer}`];
