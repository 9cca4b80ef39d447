import { type ConfigMap, RESOURCES } from '../api/kubernetes.ts';
import { VERSION } from '../api/version.ts';
import { LEDGER_NAME } from '../controller/durable/ledger-store.ts';
import type { ClusterAccess } from './cluster.ts';
import { commandFailure } from './failure.ts';

/** The namespace of the manifests in `deploy`. */
const USUAL_NAMESPACE = 'oauth-registrar-system';

/**
 * The operator's namespace: by `--operator-namespace`; else by its name in the status of a client.
 *
 * @param installation from the status of a client: `name@cluster`, where the name is the operator's namespace unless its
 *   `--installation` gives another one
 */
export const operatorNamespaceOf = (
  { operatorNamespace }: Pick<ClusterAccess, 'operatorNamespace'>,
  installation?: string,
): string => operatorNamespace ?? (installation?.split('@')[0] || USUAL_NAMESPACE);

/** A sentence that says which namespace is assumed; `undefined`: it is known. */
export const assumedNamespace = (
  cluster: Pick<ClusterAccess, 'operatorNamespace'>,
  installation?: string,
): string | undefined =>
  cluster.operatorNamespace === undefined && !installation
    ? `The plugin assumes that the operator is in namespace ${USUAL_NAMESPACE}; --operator-namespace names another.`
    : undefined;

/**
 * Versions of plugin and operator as one sentence, with a warning where they differ. The operator writes its version
 * into its ledger when it takes the lead; who may not read that gets no answer but its reason.
 *
 * @param installation as in {@link operatorNamespaceOf}
 */
export async function versionsText(
  { api, operatorNamespace }: Pick<ClusterAccess, 'api' | 'operatorNamespace'>,
  installation: string | undefined,
): Promise<string> {
  const namespace = operatorNamespaceOf({ operatorNamespace }, installation);
  const resource = RESOURCES.configMap;
  const own = `Plugin ${VERSION}`;
  const found = await api.get<ConfigMap>(resource, { namespace, name: LEDGER_NAME });
  if (!found.ok) {
    const { sentence } = commandFailure(found, { verb: 'get', resource, namespace, name: LEDGER_NAME });
    return `${own}. The operator's version is not seen: ${sentence} --operator-namespace names another namespace.`;
  }
  const version = found.object.data?.['version'];
  if (version === undefined) {
    return `${own}. The operator's version is not known: it is older than the plugin, or no operator has worked yet.`;
  }
  return version === VERSION
    ? `${own}, operator ${version}.`
    : `${own}, operator ${version}: they differ, so a message or field of one may be unknown to the other.`;
}
