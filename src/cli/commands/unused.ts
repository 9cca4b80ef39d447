import { type KubernetesObject, keyOf, RESOURCES, type Resource } from '../../api/kubernetes.ts';
import { toClientObject } from '../../core/desired.ts';
import { inventoryRows } from '../../core/inventory.ts';
import type { ClientObject } from '../../core/observation.ts';
import {
  type SecretUserObject,
  SecretUsers,
  type UnusedClient,
  unusedSince,
} from '../../core/unused-clients.ts';
import { defined } from '../../oauth/objects.ts';
import { enumerated } from '../../oauth/text.ts';
import type { CliCommand, ClusterContext, CommandResult } from '../command.ts';
import { confirm, YES } from '../confirm.ts';
import { type CommandFailure, commandFailure } from '../failure.ts';

const workload = (group: string, kind: string, plural: string): Resource => ({
  ...{ group, version: 'v1', kind, plural },
  namespaced: true,
});

/** Kubernetes runs nothing from it, and the roles view, edit and admin do not permit to list it. */
const POD_TEMPLATE = workload('', 'PodTemplate', 'podtemplates');

/** What can name a Secret. */
const USERS: readonly Resource[] = [
  RESOURCES.pod,
  workload('apps', 'Deployment', 'deployments'),
  workload('apps', 'StatefulSet', 'statefulsets'),
  workload('apps', 'DaemonSet', 'daemonsets'),
  workload('apps', 'ReplicaSet', 'replicasets'),
  RESOURCES.job,
  workload('batch', 'CronJob', 'cronjobs'),
  workload('', 'ReplicationController', 'replicationcontrollers'),
  workload('', 'ServiceAccount', 'serviceaccounts'),
  POD_TEMPLATE,
];

export const unused: CliCommand = {
  name: 'unused',
  summary: 'Lists clients whose Secret no Pod, workload template or ServiceAccount uses',
  details: `It looks at Pods, Deployments, StatefulSets, DaemonSets, ReplicaSets, ReplicationControllers, Jobs, CronJobs,
ServiceAccounts and PodTemplates. A program that reads its Secret by the API is not seen. --delete deletes the OAuthClients, and so ends the clients at their servers.
The exit code is 1 if there is such a client.`,
  options: [{ usage: '--delete', about: 'Delete the OAuthClients, after a question.' }, YES],
  async run(context) {
    const { cluster, print, flags } = context;
    const clients = await seenClients(context);
    if ('sentence' in clients) {
      return clients;
    }
    const seen = await usersOf(context);
    if ('sentence' in seen) {
      return seen;
    }
    const found = seen.users.unused(inventoryRows(clients, []));
    for (const why of seen.unseen) {
      print.note(`${why} So a client in this list may be in use.`);
    }
    show(found, context);
    if (found.length === 0) {
      print.note(`Every client has a user${where(cluster.selection.namespace)}.`);
      return 'done';
    }
    if (flags['delete'] !== true) {
      return 'found';
    }
    return !seen.permitsDelete
      ? { exit: 'forbidden', sentence: 'Nothing was deleted, since not all that may use a client was seen.' }
      : remove(found, clients, context);
  },
};

const where = (namespace: string | undefined): string =>
  namespace === undefined ? '' : ` in namespace ${namespace}`;

async function seenClients({
  cluster: { api, selection },
}: Pick<ClusterContext, 'cluster'>): Promise<readonly ClientObject[] | CommandFailure> {
  const resource = RESOURCES.oauthClient;
  const found = await api.collect(resource, selection, (raw) => toClientObject(raw));
  return found.ok
    ? found.object.items
    : commandFailure(found, { verb: 'list', resource, namespace: selection.namespace });
}

interface Seen {
  readonly users: SecretUsers;
  /** What the caller may not list, one sentence each. */
  readonly unseen: readonly string[];
  /** Whether all is seen but PodTemplates at most. */
  readonly permitsDelete: boolean;
}

async function usersOf({
  cluster: { api, selection },
}: Pick<ClusterContext, 'cluster'>): Promise<Seen | CommandFailure> {
  const users = new SecretUsers();
  const unseen: string[] = [];
  let permitsDelete = true;
  const { namespace } = selection;
  for (const resource of USERS) {
    const found = await api.collect(resource, namespace === undefined ? {} : { namespace }, (raw) => {
      users.add(toUser(resource.kind, raw));
      return undefined;
    });
    if (!found.ok && found.reason !== 'NotServed') {
      const failure = commandFailure(found, { verb: 'list', resource, namespace });
      if (failure.exit !== 'forbidden') {
        return failure;
      }
      unseen.push(failure.sentence);
      permitsDelete &&= resource === POD_TEMPLATE;
    }
  }
  return { users, unseen, permitsDelete };
}

function toUser(kind: string, raw: KubernetesObject): SecretUserObject {
  const { namespace = '', name } = raw.metadata;
  return { ...raw, kind, namespace, name };
}

function show(found: readonly UnusedClient[], { print }: Pick<ClusterContext, 'print'>): void {
  switch (print.format) {
    case 'name':
      found.forEach(({ row }) => {
        print.line(`oauthclient.oauth-registrar.dev/${row.name}`);
      });
      break;
    case undefined:
      if (found.length > 0) {
        print.table(
          ['NAMESPACE', 'NAME', 'CLIENT_ID', 'SECRET', 'UNUSED'],
          found.map((one) => {
            const { namespace, name, clientId = '', secretName = '' } = one.row;
            return [namespace, name, clientId, secretName, unusedSince(one)];
          }),
        );
      }
      break;
    default:
      print.value(
        found.map((one) => {
          const { namespace, name, clientId, secretName } = one.row;
          return { namespace, name, clientId, secretName, unused: unusedSince(one) };
        }),
      );
  }
}

const pick = ({ uid, resourceVersion }: KubernetesObject['metadata']) => defined({ uid, resourceVersion });

/** Each is deleted only as it was seen: an object that was made again or edited since stays. */
async function remove(
  found: readonly UnusedClient[],
  clients: readonly ClientObject[],
  context: ClusterContext,
): Promise<CommandResult> {
  const { cluster, print, terminal } = context;
  const names = found.map(({ row }) => `${row.namespace}/${row.name}`);
  const what = names.length === 1 ? 'OAuthClient' : `${names.length} OAuthClients`;
  const refused = await confirm(
    `This deletes ${what} ${enumerated(names, 5)}, and the operator then removes their clients at the servers. Go on?`,
    context,
  );
  if (refused !== undefined) {
    return refused;
  }
  const versions = new Map(clients.map(({ metadata }) => [keyOf(metadata), pick(metadata)]));
  const resource = RESOURCES.oauthClient;
  const say = print.format === undefined ? print.line : print.note;
  for (const { row } of found) {
    if (terminal.signal.aborted) {
      return 'interrupted';
    }
    const { namespace, name } = row;
    const gone = await cluster.api.delete(
      resource,
      { namespace, name },
      versions.get(`${namespace}/${name}`),
    );
    if (!gone.ok && gone.status !== 404) {
      return gone.reason === 'Conflict'
        ? {
            exit: 'found',
            sentence: `OAuthClient ${namespace}/${name} was changed since it was seen, so it is not deleted. Run the command again.`,
          }
        : commandFailure(gone, { verb: 'delete', resource, namespace, name });
    }
    say(`OAuthClient ${namespace}/${name} is deleted; the operator removes its client.`);
  }
  return 'done';
}
