import { existingSecret, readSecret, type SecretObject } from '../cluster.ts';
import { poll } from '../poll.ts';
import type { StepReport } from '../report.ts';
import type { Stage } from '../stage.ts';

/** Deletes the Secret by hand and counts what the server is asked meanwhile. */
export async function secretComesBack({ testbed, sample }: Stage, report: StepReport): Promise<void> {
  const before = await existingSecret(testbed, sample);
  const requests = testbed.server.log.length;
  report.say(`kubectl delete secret ${sample.secretName} -n ${sample.namespace}`);
  await testbed.kubectl('delete', 'secret', sample.secretName, '-n', sample.namespace, '--timeout=20s');
  const isNew = (secret: SecretObject | undefined) => secret !== undefined && secret.uid !== before.uid;
  const after = await poll(() => readSecret(testbed, sample), isNew);
  report.check({
    claim: 'The Secret is',
    expected: 'there again',
    found: isNew(after) ? 'there again' : 'not there',
  });
  report.check({
    claim: 'client_id, as before',
    expected: before.values['client_id'] ?? 'one',
    found: after?.values['client_id'] ?? 'none',
  });
  const alike = JSON.stringify(after?.values) === JSON.stringify(before.values);
  report.check({ claim: 'All its values, as before', expected: 'yes', found: alike ? 'yes' : 'no' });
  report.check({
    claim: 'Requests that the server got since it started, as before',
    expected: requests,
    found: testbed.server.log.length,
  });
}
