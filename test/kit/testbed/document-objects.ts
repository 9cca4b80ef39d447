import { DOCUMENTS_NAMESPACE } from './documents.ts';
import { OPERATOR_NAMESPACE } from './testbed.ts';

/** What an operator and its server objects need, so that documents.ts serves the documents of clients. */

/** Flags of the operator. */
export const documentFlags = (baseUrl: string): readonly string[] => [
  `--documents-namespace=${DOCUMENTS_NAMESPACE}`,
  `--document-base-urls=${baseUrl}`,
];

const CA_REF = { kind: 'ConfigMap', name: 'documents-ca' };

/** The ConfigMap with the CA of the base URL, to which each {@link documentServer} refers, as JSON. */
export const caOfDocuments = (ca: string): string =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: CA_REF.kind,
    metadata: { name: CA_REF.name, namespace: OPERATOR_NAMESPACE },
    data: { 'ca.crt': ca },
  });

interface DocumentServerObject {
  readonly issuer: string;
  readonly baseUrl: string;
  /** Default: `Document`. */
  readonly mode?: string;
  /** Beside `baseUrl`. */
  readonly document?: object;
  readonly connection?: object;
  /** Further fields of the spec. */
  readonly spec?: object;
}

/** A ClusterAuthorizationServer for every namespace whose clients documents identify, as JSON. */
export const documentServer = (
  name: string,
  { issuer, baseUrl, mode = 'Document', document, connection, spec }: DocumentServerObject,
): string =>
  JSON.stringify({
    apiVersion: 'oauth-registrar.dev/v1alpha1',
    kind: 'ClusterAuthorizationServer',
    metadata: { name },
    spec: {
      issuer,
      identification: { mode, document: { baseUrl, ...document } },
      connection: { caRef: CA_REF, ...connection },
      allowedNamespaces: { selector: {} },
      ...spec,
    },
  });
