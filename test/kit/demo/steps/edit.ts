import { type ClientObject, existingClient, readiness } from '../cluster.ts';
import { poll } from '../poll.ts';
import type { StepReport } from '../report.ts';
import { registeredIds, type Stage } from '../stage.ts';

/** Changes the spec and looks for the change in the server's own registry. */
export async function editArrives({ testbed, sample }: Stage, report: StepReport): Promise<void> {
  const before = await existingClient(testbed, sample);
  const clientId = before.status?.clientId ?? '';
  const nameAtServer = () => `${testbed.server.client(clientId)?.client_name ?? 'no such client'}`;
  const newName = `${before.spec.client.clientName ?? sample.name}, renamed`;
  report.say(`The server calls ${clientId} "${nameAtServer()}"`);
  const patch = JSON.stringify({ spec: { client: { clientName: newName } } });
  report.say(`kubectl patch oac ${sample.name} -n ${sample.namespace} --type=merge -p '${patch}'`);
  await testbed.kubectl('patch', 'oac', sample.name, '-n', sample.namespace, '--type=merge', '-p', patch);
  const found = await poll(nameAtServer, (name) => name === newName);
  report.check({ claim: "Name in the server's own registry", expected: newName, found });
  const after = await poll(() => existingClient(testbed, sample), isSettled, { deadlineMs: 5_000 });
  report.check({ claim: 'Condition Ready, for this edit', expected: 'True', found: settled(after) });
  report.check({
    claim: 'client_id, as before',
    expected: clientId,
    found: after.status?.clientId ?? 'none',
  });
  report.check({ claim: 'Clients at the server', expected: clientId, found: registeredIds({ testbed }) });
}

const isSettled = (client: ClientObject): boolean => settled(client) === 'True';

/** Readiness, of the newest edit and no earlier one. */
const settled = (client: ClientObject): string =>
  client.status?.observedGeneration === client.metadata.generation
    ? readiness(client)
    : `that of generation ${client.status?.observedGeneration}, not of ${client.metadata.generation}`;
