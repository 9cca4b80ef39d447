import { requestToken } from '../../testbed/token-request.ts';
import { existingSecret, masked } from '../cluster.ts';
import type { StepReport } from '../report.ts';
import { registeredIds, type Stage } from '../stage.ts';

/** Asks the server for a token, with nothing but the Secret. */
export async function tokenIsIssued({ testbed, sample }: Stage, report: StepReport): Promise<void> {
  const { values } = await existingSecret(testbed, sample);
  const { client_id: clientId = '', client_secret: clientSecret = '', issuer = '', scope } = values;
  const registered = testbed.server.client(clientId);
  report.check({
    claim: "Clients in the server's own registry",
    expected: clientId,
    found: registeredIds({ testbed }),
  });
  const same = 'the one in the Secret';
  report.check({
    claim: 'The client_secret that the server expects is',
    expected: same,
    found: registered?.client_secret === clientSecret ? same : 'another',
  });
  report.say(`POST ${issuer}/token grant_type=client_credentials`);
  const request = scope === undefined ? { clientId, clientSecret } : { clientId, clientSecret, scope };
  const { status, body } = await requestToken(issuer, request);
  const { access_token: token, ...rest } = body;
  report.check({ claim: 'The server answers', expected: 200, found: status });
  report.block(
    Object.entries({ access_token: typeof token === 'string' ? masked(token) : 'none', ...rest })
      .map(([key, value]) => `${key.padEnd(12)}  ${value}`)
      .join('\n'),
  );
  report.check({
    claim: 'The token is for',
    expected: scope ?? 'no scope',
    found: `${body['scope'] ?? 'no scope'}`,
  });
}
