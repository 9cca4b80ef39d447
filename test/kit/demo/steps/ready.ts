import { readClient, readiness } from '../cluster.ts';
import type { StepReport } from '../report.ts';
import type { Stage } from '../stage.ts';

/** Longer than the others: the first client waits for the discovery of its server. */
const TIMEOUT = '--timeout=60s';

/** Applies the samples and waits for Ready, as a person would. */
export async function becomesReady({ testbed, sample }: Stage, report: StepReport): Promise<void> {
  const { namespace, name } = sample;
  report.say('deploy/samples, with this issuer and initial access token, goes to kubectl apply -f -');
  await testbed.apply(sample.yaml);
  report.say(`kubectl wait --for=condition=Ready oac/${name} -n ${namespace}`);
  const wait = ['wait', '--for=condition=Ready', `oac/${name}`, '-n', namespace, TIMEOUT];
  const { code } = await testbed.controlPlane.kubectl(wait);
  const client = await readClient(testbed, sample);
  report.check({ claim: 'kubectl wait ends with code', expected: 0, found: code });
  report.check({ claim: 'Condition Ready', expected: 'True', found: readiness(client) });
  report.say(`kubectl get oac -n ${namespace}`);
  report.block(await testbed.kubectl('get', 'oac', '-n', namespace));
}
