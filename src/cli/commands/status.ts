import { RESOURCES } from '../../api/kubernetes.ts';
import type { OAuthClient } from '../../api/oauth-client.ts';
import type { CliCommand, ClusterContext, CommandResult } from '../command.ts';
import { commandFailure } from '../failure.ts';

export const status: CliCommand = {
  name: 'status',
  summary: 'Shows whether a client is ready, and why not',
  operands: [{ usage: '<NAME>', about: 'Name of the OAuthClient.', completes: 'clients' }],
  run: showClient,
};

async function showClient({ operands, cluster, print }: ClusterContext): Promise<CommandResult> {
  const { api, namespace } = cluster;
  const [name = ''] = operands;
  const resource = RESOURCES.oauthClient;
  const found = await api.get<OAuthClient>(resource, { namespace, name });
  if (!found.ok) {
    return commandFailure(found, { verb: 'get', resource, namespace, name });
  }
  const client = found.object;
  const ready = client.status?.conditions?.find(({ type }) => type === 'Ready');
  const isReady = ready?.status === 'True';
  if (print.format !== undefined) {
    print.object(client);
  } else {
    print.line(
      `OAuthClient ${namespace}/${name}: `,
      { text: isReady ? 'Ready' : (ready?.reason ?? 'Unknown'), tone: isReady ? 'good' : 'bad' },
      `. ${ready?.message ?? 'Its status is empty.'}`,
    );
  }
  return isReady ? 'done' : 'found';
}
