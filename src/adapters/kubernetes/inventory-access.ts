import { RESOURCES, type Resource } from '../../api/kubernetes.ts';
import { SHARES } from '../../api/shares.ts';
import type { Caches } from '../../controller/context.ts';
import type { Clock } from '../../controller/ports.ts';
import { inventoryRows, inventoryServers } from '../../core/inventory.ts';
import { type InventoryLists, outstandingClients } from '../../core/inventory-outstanding.ts';
import type { ServerObject } from '../../core/server-object.ts';
import { OWN_SUSPECTS, SUSPECTS } from '../../core/suspects.ts';
import { UNREMOVED } from '../../core/unremoved-client.ts';
import type { InventoryView } from '../../inventory/view.ts';
import type { ShowInventory } from '../process/inventory-endpoint.ts';
import {
  type AccessRefusal,
  type AccessReviews,
  isAccessRefusal,
  type ReviewedCaller,
} from './access-review.ts';
import { BoundedTurns } from './bounded-turns.ts';

/** What of the operator's caches a caller may see: what the caller could list by its own rights. */

interface Options {
  readonly caches: Pick<Caches, 'clients' | 'servers' | 'clusterServers'>;
  readonly lists: () => InventoryLists;
  /** Whether the caches are filled: only the replica that leads has them. */
  readonly isReady: () => boolean;
  readonly reviews: AccessReviews;
  readonly operatorNamespace: string;
  readonly clock: Pick<Clock, 'now' | 'monotonic' | 'sleep'>;
}

/** A caller without a right for all namespaces gets so many checked; above that, the caller has to name one. */
const MOST_NAMESPACES = 500;

const NOT_LEADING: AccessRefusal = {
  status: 503,
  message: 'This replica waits for the lead, and only the one that leads knows the clients. Reload.',
};

const BUSY: AccessRefusal = { status: 503, message: 'Too many pages are being made: try again.' };
/** Nobody reads it. */
const CLOSED: AccessRefusal = { status: 503, message: 'The connection is closed.' };

/** What is gathered of many clients takes time of the one thread that also reconciles: it gets a small part of it. */
const PAUSE_FACTOR = 8;

/**
 * Nothing is asked of the API server but reviews, which are remembered for a short time. Callers take turns, and pauses
 * keep the time for the operator's work: see `inventoryPages` of the shares.
 */
export function createInventoryAccess(options: Options): ShowInventory {
  const { reviews, clock } = options;
  const turns = new BoundedTurns({
    limit: SHARES.inventoryPages.most,
    waitingOfCaller: SHARES.inventoryPagesOfUser.most,
    waiting: SHARES.inventoryPagesWaiting.most,
  });
  /** Resolves with what is made; the turn ends after the pause. */
  const inTurnOf =
    ({ name }: ReviewedCaller, isClosed: () => boolean): InTurn =>
    (make) => {
      if (turns.isFull(name)) {
        return Promise.resolve(BUSY);
      }
      const { promise, resolve, reject } = Promise.withResolvers<ReturnType<typeof make> | AccessRefusal>();
      turns
        .inTurn(name, async () => {
          const startedAt = clock.monotonic();
          resolve(isClosed() ? CLOSED : make());
          await clock.sleep(PAUSE_FACTOR * (clock.monotonic() - startedAt));
        })
        .catch(reject);
      return promise;
    };
  return async ({ namespace, isClosed, ...sender }, make) => {
    const caller = await reviews.callerOf(sender);
    if (isAccessRefusal(caller)) {
      return caller;
    }
    if (!options.isReady()) {
      return NOT_LEADING;
    }
    const inTurn = inTurnOf(caller, isClosed);
    const shown = await namespacesFor(caller, namespace, { ...options, inTurn });
    const seen = isAccessRefusal(shown) ? shown : await partsFor(caller, shown, options);
    return isAccessRefusal(seen) ? seen : inTurn(() => make(viewFor(caller, seen, options)));
  };
}

/** Runs what takes time of many clients, when it is the caller's turn. */
type InTurn = <T>(make: () => T) => Promise<T | AccessRefusal>;

/** Which namespaces the caller sees; `undefined`: all. */
interface ShownNamespaces {
  readonly names: ReadonlySet<string> | undefined;
  readonly hidden: readonly string[];
}

async function namespacesFor(
  caller: ReviewedCaller,
  namespace: string | undefined,
  { reviews, caches, inTurn }: Options & { readonly inTurn: InTurn },
): Promise<ShownNamespaces | AccessRefusal> {
  const resource = RESOURCES.oauthClient;
  const mayList = (where?: string) =>
    reviews.isAllowed(caller, {
      verb: 'list',
      resource,
      ...(where === undefined ? {} : { namespace: where }),
    });
  const everywhere = await mayList();
  if (everywhere === true) {
    return { names: undefined, hidden: [] };
  }
  if (everywhere !== false) {
    return everywhere;
  }
  const asked = namespace === undefined ? await inTurn(() => namespacesIn(caches)) : [namespace];
  if (isAccessRefusal(asked)) {
    return asked;
  }
  if (asked.length > MOST_NAMESPACES) {
    return {
      status: 403,
      message: `${missing(caller, resource, 'in all namespaces')} Name one of yours: ?namespace=NAME`,
    };
  }
  const answers = await Promise.all(asked.map(async (name) => ({ name, allowed: await mayList(name) })));
  const refusal = answers.map(({ allowed }) => allowed).find((allowed) => typeof allowed === 'object');
  if (refusal !== undefined) {
    return refusal;
  }
  const names = answers.flatMap(({ name, allowed }) => (allowed === true ? [name] : []));
  if (names.length === 0) {
    const where = namespace === undefined ? 'in a namespace that has some' : `in namespace ${namespace}`;
    return { status: 403, message: missing(caller, resource, where) };
  }
  const hidden = `${missing(caller, resource, 'in all namespaces')} Namespaces that are shown: ${names.length}.`;
  return { names: new Set(names), hidden: [hidden] };
}

const namespacesIn = ({ clients }: Options['caches']): readonly string[] => [
  ...new Set([...clients.values()].map(({ metadata }) => metadata.namespace ?? '')),
];

/** What the caller sees beside the clients of the namespaces. */
interface SeenParts extends ShownNamespaces {
  readonly servers: ShownServers;
  /** The lists that the caller may get, by the names of their ConfigMaps. */
  readonly lists: ReadonlySet<ListName>;
}

/** What is owed or left behind, and what is suspected at servers of each kind. */
const LISTS = [UNREMOVED, SUSPECTS, OWN_SUSPECTS] as const;
type ListName = (typeof LISTS)[number];

async function partsFor(
  caller: ReviewedCaller,
  shown: ShownNamespaces,
  options: Options,
): Promise<SeenParts | AccessRefusal> {
  const { operatorNamespace, reviews } = options;
  const { names } = shown;
  const servers = await serversFor(caller, names, options);
  if (isAccessRefusal(servers)) {
    return servers;
  }
  const list = { resource: RESOURCES.configMap, namespace: operatorNamespace };
  const answers = await Promise.all(
    LISTS.map((name) => reviews.isAllowed(caller, { verb: 'get', ...list, name })),
  );
  const refusal = answers.find((allowed) => typeof allowed === 'object');
  return (
    refusal ?? { ...shown, servers, lists: new Set(LISTS.filter((_, index) => answers[index] === true)) }
  );
}

function viewFor(
  caller: ReviewedCaller,
  { names, hidden, servers, lists }: SeenParts,
  options: Options,
): InventoryView {
  const { caches, clock, operatorNamespace } = options;
  const isShown = (namespace = '') => names?.has(namespace) ?? true;
  const clients = [...caches.clients.values()].filter(({ metadata }) => isShown(metadata.namespace));
  const shownServers = [
    ...(servers.ofCluster ? caches.clusterServers.values() : []),
    ...[...caches.servers.values()].filter(servers.isVisible),
  ];
  const now = clock.now();
  return {
    now,
    readAt: now,
    source: `What the operator knows, as far as ${caller.name} may list it.`,
    rows: inventoryRows(clients, shownServers),
    servers: inventoryServers(shownServers),
    outstanding:
      lists.size === 0
        ? undefined
        : outstandingClients(shownOf(options.lists(), lists)).filter(({ namespace }) => isShown(namespace)),
    hidden: [...hidden, ...servers.hidden, ...hiddenLists(caller, lists, operatorNamespace)],
  };
}

const shownOf = (
  { unremoved, suspects: [ofCluster, own] }: InventoryLists,
  shown: SeenParts['lists'],
): InventoryLists => ({
  unremoved: shown.has(UNREMOVED) ? unremoved : undefined,
  suspects: [shown.has(SUSPECTS) ? ofCluster : undefined, shown.has(OWN_SUSPECTS) ? own : undefined],
});

function hiddenLists(
  { name }: ReviewedCaller,
  shown: SeenParts['lists'],
  operatorNamespace: string,
): readonly string[] {
  const others = LISTS.filter((list) => !shown.has(list));
  if (others.length === 0) {
    return [];
  }
  const what =
    shown.size === 0
      ? 'what is owed, left behind or suspected'
      : `all that is owed, left behind or suspected, since ${name} may not get ConfigMap ${others.join(', ')}`;
  return [
    `${name} may not see ${what}: ClusterRole oauth-registrar-list-viewer, bound in namespace ${operatorNamespace}, permits that.`,
  ];
}

interface ShownServers {
  readonly ofCluster: boolean;
  /** Whether an AuthorizationServer is shown. */
  readonly isVisible: (server: ServerObject) => boolean;
  readonly hidden: readonly string[];
}

async function serversFor(
  caller: ReviewedCaller,
  names: ReadonlySet<string> | undefined,
  { reviews }: Options,
): Promise<ShownServers | AccessRefusal> {
  const own = RESOURCES.authorizationServer;
  const ofCluster = RESOURCES.clusterAuthorizationServer;
  const places = names === undefined ? [undefined] : [...names];
  const answers = await Promise.all([
    reviews.isAllowed(caller, { verb: 'list', resource: ofCluster }),
    ...places.map((namespace) =>
      reviews.isAllowed(caller, {
        verb: 'list',
        resource: own,
        ...(namespace === undefined ? {} : { namespace }),
      }),
    ),
  ]);
  const refusal = answers.find((allowed) => typeof allowed === 'object');
  if (refusal !== undefined) {
    return refusal;
  }
  const [mayListCluster, ...mayListOwn] = answers;
  const visible = new Set(places.filter((_, index) => mayListOwn[index] === true));
  return {
    ofCluster: mayListCluster === true,
    isVisible: ({ metadata }) => visible.has(undefined) || visible.has(metadata.namespace),
    hidden: [
      ...(mayListCluster === true ? [] : [missing(caller, ofCluster, 'in this cluster')]),
      ...(visible.size === places.length ? [] : [missing(caller, own, 'in each of these namespaces')]),
    ],
  };
}

const missing = ({ name }: ReviewedCaller, { plural, group }: Resource, where: string): string =>
  `${name} may not list ${plural}.${group} ${where}.`;
