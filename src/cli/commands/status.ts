import { type KubernetesObject, RESOURCES } from '../../api/kubernetes.ts';
import { toClientObject } from '../../core/desired.ts';
import { type InventoryRow, inventoryRows, type Readiness } from '../../core/inventory.ts';
import { nextEnd } from '../../core/inventory-query.ts';
import type { ClientObject } from '../../core/observation.ts';
import { serverNamed } from '../../core/server-key.ts';
import { shortDuration } from '../age.ts';
import { pictureOfClient } from '../client-picture.ts';
import { clientTree } from '../client-tree.ts';
import type { CliCommand, ClusterContext, CommandResult } from '../command.ts';
import { commandFailure } from '../failure.ts';
import type { Cell, Tone } from '../print.ts';
import { oneObjectRefusal } from '../target.ts';
import { printTree } from '../tree.ts';
import { versionsText } from '../versions.ts';

export const status: CliCommand = {
  name: 'status',
  summary: 'Shows whether clients are ready, and why not',
  details: `With a name: the client, its server object, its Secret, the Pods that use it, what ends when, and what waits for
what. Without a name: a table of the clients of the namespace, or with -A of all. -o json and -o yaml print the OAuthClients.
The exit code is 0 if all that is shown is ready, else 1.`,
  operands: [{ usage: '[NAME]', about: 'Name of an OAuthClient.', completes: 'clients' }],
  run: (context) =>
    context.operands[0] === undefined ? showClients(context) : showClient(context.operands[0], context),
};

async function showClient(name: string, { cluster, print }: ClusterContext): Promise<CommandResult> {
  const picture = oneObjectRefusal(cluster) ?? (await pictureOfClient(name, cluster));
  if ('sentence' in picture) {
    return picture;
  }
  if (print.format === undefined) {
    printTree(print, clientTree(picture, cluster.clock.now()));
    print.note(await versionsText(cluster, picture.raw.status?.installation));
  } else {
    print.object(picture.raw);
  }
  return picture.row.ready === 'True' ? 'done' : 'found';
}

interface ListedClient {
  /** Kept where it is printed. */
  readonly raw: KubernetesObject | undefined;
  readonly client: ClientObject;
}

async function showClients({ cluster, print }: ClusterContext): Promise<CommandResult> {
  const { api, selection } = cluster;
  const resource = RESOURCES.oauthClient;
  const found = await api.collect(resource, selection, (raw): ListedClient => {
    return { raw: print.format === undefined ? undefined : raw, client: toClientObject(raw) };
  });
  if (!found.ok) {
    return commandFailure(found, { verb: 'list', resource, namespace: selection.namespace });
  }
  const { items } = found.object;
  const rows = inventoryRows(
    items.map(({ client }) => client),
    [],
  );
  if (print.format === undefined) {
    const installations = items.map(({ client }) => client.observed.status.installation);
    await printTable(rows, { cluster, print }, installations.find(Boolean));
  } else {
    print.objects(items.flatMap(({ raw }) => raw ?? []));
  }
  return rows.every(({ ready }) => ready === 'True') ? 'done' : 'found';
}

async function printTable(
  rows: readonly InventoryRow[],
  { cluster, print }: Pick<ClusterContext, 'cluster' | 'print'>,
  installation: string | undefined,
): Promise<void> {
  const now = cluster.clock.now();
  const versions = versionsText(cluster, installation);
  if (rows.length > 0) {
    print.table(
      ['NAMESPACE', 'NAME', 'READY', 'REASON', 'SERVER', 'ENDS', 'MESSAGE'],
      rows.map((row) => cellsOf(row, now)),
    );
  }
  const unready = rows.filter(({ ready }) => ready !== 'True').length;
  const counted = rows.length === 1 ? '1 client' : `${rows.length} clients`;
  print.note(`${counted}, ${unready} not ready. ${await versions}`);
}

const TONES: Readonly<Record<Readiness, Tone>> = { True: 'good', False: 'bad', Unknown: 'waiting' };

function cellsOf(row: InventoryRow, now: number): readonly Cell[] {
  const { namespace, name, ready, reason, server, message } = row;
  const end = nextEnd(row, now);
  return [
    namespace,
    name,
    { text: ready, tone: TONES[ready] },
    reason,
    server === undefined ? '' : serverNamed(server).name,
    end === undefined ? '' : shortDuration(end.at - now),
    message,
  ];
}
