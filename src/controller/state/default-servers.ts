import type { KubernetesObject } from '../../api/kubernetes.ts';
import type { ServerRef } from '../../core/record.ts';
import { admits } from '../../core/server-access.ts';
import type { ServerObject } from '../../core/server-object.ts';
import { canonicalJson, type Json } from '../../oauth/json.ts';
import type { Change } from './object-cache.ts';

/** What is looked at: the cached namespaces, and the server objects that are annotated as defaults. */
interface Sources {
  readonly namespaces: { readonly get: (name: string) => KubernetesObject | undefined };
  readonly servers: Defaults;
  readonly clusterServers: Defaults;
}

interface Defaults {
  readonly find: (index: 'defaults', namespace: string) => readonly ServerObject[];
}

/**
 * The default server of each namespace: its own, else one that the cluster offers. Code that runs per client must not look
 * at all defaults of the cluster, so their choice is kept for each namespace until the namespace or one of them changes.
 */
export class DefaultServers {
  readonly #sources: () => Sources;
  /** By the version of the namespace that is cached. */
  #offered = new WeakMap<KubernetesObject, ServerRef | 'None'>();

  /** @param sources called at each look, since the caches are made together with this object */
  constructor(sources: () => Sources) {
    this.#sources = sources;
  }

  /** Undefined if there are none or several. */
  of(namespace: string): ServerRef | undefined {
    const near = this.#sources().servers.find('defaults', namespace);
    return near.length > 0 ? theOnly('AuthorizationServer', near) : this.#offeredTo(namespace);
  }

  /** A cluster server changed. */
  changed({ before, after }: Change<ServerObject>): void {
    if (offerOf(before) !== offerOf(after)) {
      this.#offered = new WeakMap();
    }
  }

  #offeredTo(namespace: string): ServerRef | undefined {
    const { namespaces, clusterServers } = this.#sources();
    const object = namespaces.get(namespace);
    const known = object && this.#offered.get(object);
    if (known !== undefined) {
      return known === 'None' ? undefined : known;
    }
    const labels = object?.metadata.labels ?? {};
    const admitting = clusterServers
      .find('defaults', '')
      .filter(({ allowedNamespaces }) => admits(allowedNamespaces, namespace, labels));
    const chosen = theOnly('ClusterAuthorizationServer', admitting);
    if (object !== undefined) {
      this.#offered.set(object, chosen ?? 'None');
    }
    return chosen;
  }
}

/** What decides whether a cluster server is a default, and of whom. */
const offerOf = (server: ServerObject | undefined): string =>
  server?.isDefault === true ? canonicalJson((server.allowedNamespaces ?? {}) as Json) : '';

function theOnly(kind: ServerRef['kind'], servers: readonly ServerObject[]): ServerRef | undefined {
  const [found, ...others] = servers;
  return found === undefined || others.length > 0 ? undefined : { kind, name: found.metadata.name };
}
