import { existingClient, existingSecret, masked } from '../cluster.ts';
import type { StepReport } from '../report.ts';
import type { Stage } from '../stage.ts';

/** Keys whose values anybody may see. Every other value is shown by its length only. */
const PUBLIC_KEYS = /^(client_id|issuer|scope|jwks_uri|token_endpoint_auth_method|[a-z_]+_endpoint)$/;

/** Reads the Secret that workloads mount. */
export async function secretIsThere({ testbed, sample }: Stage, report: StepReport): Promise<void> {
  const client = await existingClient(testbed, sample);
  const { values } = await existingSecret(testbed, sample);
  report.say(`Secret ${sample.namespace}/${sample.secretName} has the keys`);
  const width = Math.max(...Object.keys(values).map((key) => key.length));
  const shown = Object.entries(values).map(
    ([key, value]) => `${key.padEnd(width)}  ${PUBLIC_KEYS.test(key) ? value : masked(value)}`,
  );
  report.block(shown.join('\n'));
  const presence = (key: string) => (values[key] ? 'there' : 'absent');
  report.check({
    claim: 'client_id is the one in status',
    expected: client.status?.clientId ?? 'one in status',
    found: values['client_id'] ?? 'absent',
  });
  report.check({ claim: 'client_secret', expected: 'there', found: presence('client_secret') });
  report.check({
    claim: 'registration_access_token, which workloads must not have',
    expected: 'absent',
    found: presence('registration_access_token'),
  });
}
