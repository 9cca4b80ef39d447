import { randomBytes } from 'node:crypto';
import type { HttpServer } from '../../adapters/process/http-server.ts';
import { startInventoryEndpoint } from '../../adapters/process/inventory-endpoint.ts';
import type { CliCommand, ClusterContext, CommandResult } from '../command.ts';
import { openInventory } from '../inventory-source.ts';
import { untilAborted } from '../until-aborted.ts';

export const ui: CliCommand = {
  name: 'ui',
  summary: 'Shows the inventory as a page in your browser',
  details: `It shows the clients of the namespace, or with -A of all, their servers, what ends next, and what is owed, left
behind or suspected. It is served on 127.0.0.1, with the rights of your kubeconfig. The URL holds a secret. Ctrl-C ends it,
with exit code 0.`,
  options: [{ usage: '--port <PORT>', about: 'Port on 127.0.0.1. Default: any free one.' }],
  hasNoOutput: true,
  endsByInterrupt: true,
  run: serveInventory,
};

async function serveInventory({ cluster, flags, print, terminal }: ClusterContext): Promise<CommandResult> {
  const port = portOf(flags['port']);
  if (port === undefined) {
    return { exit: 'usage', sentence: '--port has to be a number from 1 to 65535.' };
  }
  const { namespace } = cluster.selection;
  const scope = namespace === undefined ? 'all namespaces' : `namespace ${namespace}`;
  const more = namespace === undefined ? '' : ' kubectl oauthclient ui -A shows all namespaces.';
  const inventory = await openInventory(
    cluster,
    `The clients of ${scope}, with the rights of your kubeconfig.${more}`,
  );
  if ('sentence' in inventory) {
    return inventory;
  }
  const pathToken = randomBytes(16).toString('base64url');
  let endpoint: HttpServer;
  try {
    endpoint = await startInventoryEndpoint({
      port,
      host: '127.0.0.1',
      hostNames: ['127.0.0.1', 'localhost'],
      pathToken,
      show: async (_, make) => make(await inventory.view()),
    });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return {
      exit: 'found',
      sentence: `Port ${port} of 127.0.0.1 can't be used (${code}): choose another --port.`,
    };
  }
  print.line(`http://127.0.0.1:${endpoint.port}/${pathToken}/`);
  print.note('Open this URL in your browser. Ctrl-C ends the page.');
  await untilAborted(terminal.signal);
  await endpoint.close();
  return 'done';
}

/** 0 for any free port; `undefined` where the flag is no port. */
function portOf(flag: unknown): number | undefined {
  if (flag === undefined) {
    return 0;
  }
  const port = /^[0-9]{1,5}$/.test(String(flag)) ? Number(flag) : 0;
  return port >= 1 && port <= 65_535 ? port : undefined;
}
