import { requestToken } from '../../testbed/token-request.ts';
import { readSecret, type SecretObject } from '../cluster.ts';
import { poll } from '../poll.ts';
import type { StepReport } from '../report.ts';
import { registeredIds, type Stage } from '../stage.ts';

/** Garbage collection looks for new kinds every 30 s, and OAuthClient is one here; later it takes moments. */
const COLLECTION = { deadlineMs: 75_000, intervalMs: 500 };

/** Deletes the OAuthClient and shows that nothing remains. */
export async function deletionLeavesNothing({ testbed, sample }: Stage, report: StepReport): Promise<void> {
  const before = await readSecret(testbed, sample);
  report.say(`kubectl delete oac ${sample.name} -n ${sample.namespace}`);
  const remove = ['delete', 'oac', sample.name, '-n', sample.namespace, '--timeout=20s'];
  const { code } = await testbed.controlPlane.kubectl(remove);
  report.check({ claim: 'kubectl delete ends with code', expected: 0, found: code });
  report.check({ claim: 'Clients at the server', expected: 'none', found: registeredIds({ testbed }) });
  report.check({
    claim: 'A token with the old credentials',
    expected: '401 invalid_client',
    found: await answerTo(before),
  });
  const secret = await poll(
    () => readSecret(testbed, sample),
    (found) => found === undefined,
    COLLECTION,
  );
  report.check({
    claim: 'The Secret, which Kubernetes collects',
    expected: 'gone',
    found: collected(before, secret),
  });
}

function collected(before: SecretObject | undefined, after: SecretObject | undefined): string {
  if (after !== undefined) {
    return 'still there';
  }
  return before === undefined ? 'nothing to collect: it was gone before' : 'gone';
}

/** What the server says to the credentials of a Secret. */
async function answerTo(secret: SecretObject | undefined): Promise<string> {
  if (secret === undefined) {
    return 'no credentials to try: the Secret was gone before';
  }
  const { client_id: clientId = '', client_secret: clientSecret = '', issuer = '' } = secret.values;
  const { status, body } = await requestToken(issuer, { clientId, clientSecret });
  return `${status} ${body['error'] ?? ''}`.trim();
}
