import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { sampleOf } from '../../../tools/server-pages.ts';
import type { Credentials } from '../../kit/emulator/credentials.ts';
import type { Emulator } from '../../kit/emulator/emulator.ts';
import { start } from '../../kit/emulator/running.ts';
import { eventually } from '../behaviour/objects.ts';
import { teamIn, useTestbed } from '../behaviour/team.ts';
import { PLAIN_EXAMPLES } from './plain-examples.ts';

/** The examples of the server pages, unchanged but for address and credentials, against the emulated server of each. */

const ROOT = join(import.meta.dirname, '..', '..', '..');
const testbed = useTestbed({ namespaces: [] });

interface Example {
  /** What a reader applies. */
  readonly text: string;
  readonly namespace: string;
  /** Of the OAuthClient. */
  readonly name: string;
}

interface SampleObject {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly spec?: { readonly issuer?: string };
}

function exampleFor(dialect: string, { issuer, credentials: given, behaviour }: Emulator): Example {
  const isCounted = behaviour.gate.admits.includes('countedToken');
  const credentials = isCounted ? { ...given, initialAccessToken: given.countedToken } : given;
  const text = readFileSync(join(ROOT, sampleOf(dialect)), 'utf8');
  const objects = parseAllDocuments(text).map((document) => document.toJS() as SampleObject);
  const client = objects.find(({ kind }) => kind === 'OAuthClient');
  const sampleIssuer = objects.flatMap(({ spec }) => spec?.issuer ?? [])[0] ?? '';
  const origin = new URL(sampleIssuer).origin;
  // The paths of the example are those of the server, so only the host changes.
  expect(sampleIssuer.replace(origin, new URL(issuer).origin)).toBe(issuer);
  return {
    text: withCredentials(text.replaceAll(origin, new URL(issuer).origin), credentials),
    namespace: client?.metadata.namespace ?? '',
    name: client?.metadata.name ?? '',
  };
}

/** Each placeholder replaced by a credential that the server accepts. */
function withCredentials(text: string, { basic, client, initialAccessToken, ssws }: Credentials): string {
  const values = {
    'username: replace-with-a-username': { username: basic.username },
    'password: replace-with-its-password': { password: basic.password },
    'client_id: replace-with-a-client-id': { client_id: client.clientId },
    'client_secret: replace-with-its-secret': { client_secret: client.clientSecret },
    'token: replace-with-an-initial-access-token': { token: initialAccessToken },
    'token: replace-with-an-api-token': { token: ssws },
  };
  const replaced = Object.entries(values).reduce((before, [placeholder, value]) => {
    const [[key, secret] = ['', '']] = Object.entries(value);
    return before.replaceAll(placeholder, `${key}: ${JSON.stringify(secret)}`);
  }, text);
  expect(replaced).not.toContain('replace-with');
  return replaced;
}

describe('The example of docs/servers for', () => {
  it.each(PLAIN_EXAMPLES)('%s is registered, and ends as the index says', async (dialect) => {
    const emulator = await start(dialect);
    const { text, namespace, name } = exampleFor(dialect, emulator);
    const team = teamIn(testbed, namespace, { waitMs: 30_000 });
    await testbed.apply(text);

    const { status } = await team.until(name, 'Registered');
    const [client] = emulator.clients();
    expect(client?.clientId).toBe(status?.clientId);
    const secret = (await team.secret(name)) ?? {};
    expect(secret['client_id']).toBe(status?.clientId);
    const needsSecret = emulator.capabilities.secret && !text.includes('serviceAccount:');
    expect(secret['client_secret'] !== undefined).toBe(needsSecret);

    await team.kubectl('delete', 'oac', name, '--timeout=30s');
    if (emulator.capabilities.remove) {
      await eventually(
        async () => emulator.clients(),
        (left) => left.length === 0,
      );
    } else {
      await team.untilEvent(name, ({ reason }) => reason === 'DeletionUnsupported');
      expect(emulator.clients()).toHaveLength(1);
    }
  });
});
