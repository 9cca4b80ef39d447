import { type ConfigMap, RESOURCES } from '../api/kubernetes.ts';
import { VERSION } from '../api/version.ts';
import { LEDGER_NAME } from '../controller/durable/ledger-store.ts';
import { toClientObject } from '../core/desired.ts';
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

/** Clients that are looked at for their installation. */
const LOOKED_AT = 20;

/**
 * The same access, with the operator's namespace by the status of a client if no flag names it. It stays `undefined` if
 * no client says it, or none may be listed.
 */
export async function withOperatorNamespace(cluster: ClusterAccess): Promise<ClusterAccess> {
  const installation =
    cluster.operatorNamespace === undefined ? await installationOfAClient(cluster) : undefined;
  return installation === undefined
    ? cluster
    : { ...cluster, operatorNamespace: operatorNamespaceOf(cluster, installation) };
}

async function installationOfAClient({
  api,
  namespace,
  selection,
}: ClusterAccess): Promise<string | undefined> {
  const places = [{ namespace }, {}];
  for (const place of selection.namespace === undefined ? places.toReversed() : places) {
    const found = await api.collect(
      RESOURCES.oauthClient,
      { ...place, firstPage: LOOKED_AT },
      (raw) => toClientObject(raw).observed.status.installation || undefined,
    );
    if (found.ok && found.object.items.length > 0) {
      return found.object.items[0];
    }
  }
  return undefined;
}

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
