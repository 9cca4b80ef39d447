import type { ServerKind } from '../../api/authorization-server.ts';
import { RESOURCES } from '../../api/kubernetes.ts';
import { csv } from '../../core/csv.ts';
import { toClientObject } from '../../core/desired.ts';
import { type InventoryRow, inventoryRows } from '../../core/inventory.ts';
import { EXPORT_COLUMNS, exportedRow } from '../../core/inventory-export.ts';
import type { ServerObject } from '../../core/server-object.ts';
import { visible } from '../../oauth/text.ts';
import type { CliCommand, ClusterContext } from '../command.ts';
import { type CommandFailure, commandFailure } from '../failure.ts';
import type { Output } from '../print.ts';
import { resourceOfServer, toServer } from '../server-objects.ts';

const EXPORT_FORMATS: readonly unknown[] = ['table', 'csv', 'json'];

export const exportCommand: CliCommand = {
  name: 'export',
  summary: 'Writes the inventory of clients as a table, as CSV or as JSON',
  details: `One row for each OAuthClient of the namespace, or with -A of all: server, client_id, readiness, owner, purpose,
session and what ends next. CSV is that of RFC 4180; a text that a spreadsheet would take for a formula begins with an
apostrophe. No Secret is read.`,
  options: [{ usage: '--format <FORMAT>', about: 'table, csv or json. Default: table.' }],
  async run(context) {
    const { flags, cluster, print, terminal } = context;
    const format = flags['format'] ?? 'table';
    if (!EXPORT_FORMATS.includes(format) || print.format !== undefined) {
      return { exit: 'usage', sentence: '--format is table, csv or json, and takes the place of -o.' };
    }
    const rows = await inventoryOf(context);
    if ('sentence' in rows) {
      return rows;
    }
    const now = cluster.clock.now();
    const cells = rows.map((row) => exportedRow(row, now));
    switch (format) {
      case 'csv':
        terminal.stdout.write(safeFor(terminal.stdout, csv([EXPORT_COLUMNS, ...cells])));
        break;
      case 'json':
        print.value(
          cells.map((row) => Object.fromEntries(row.map((cell, at) => [EXPORT_COLUMNS[at], cell]))),
        );
        break;
      default:
        print.table(
          EXPORT_COLUMNS.map((name) => name.toUpperCase()),
          cells,
        );
    }
    return 'done';
  },
};

/** The text as it is, or with visible control characters where a terminal would obey them. */
const safeFor = ({ isTTY }: Output, text: string): string =>
  isTTY === true ? text.replace(/[^\r\n]+/g, visible) : text;

/** The rows, with what server objects that the caller may see say about the ends of registrations. */
async function inventoryOf({
  cluster,
  print,
}: Pick<ClusterContext, 'cluster' | 'print'>): Promise<readonly InventoryRow[] | CommandFailure> {
  const { api, selection } = cluster;
  const resource = RESOURCES.oauthClient;
  const clients = await api.collect(resource, selection, (raw) => toClientObject(raw));
  if (!clients.ok) {
    return commandFailure(clients, { verb: 'list', resource, namespace: selection.namespace });
  }
  const servers: ServerObject[] = [];
  for (const kind of SERVER_KINDS) {
    const of = resourceOfServer(kind);
    const where =
      of.namespaced && selection.namespace !== undefined ? { namespace: selection.namespace } : {};
    const found = await api.collect(of, where, toServer(kind));
    if (found.ok) {
      servers.push(...found.object.items);
    } else {
      const { sentence } = commandFailure(found, { verb: 'list', resource: of, namespace: where.namespace });
      print.note(`Ends of registrations at such servers are not known: ${sentence}`);
    }
  }
  return inventoryRows(clients.object.items, servers);
}

const SERVER_KINDS: readonly ServerKind[] = ['AuthorizationServer', 'ClusterAuthorizationServer'];
