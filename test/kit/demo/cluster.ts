import type { Testbed } from '../testbed/testbed.ts';
import type { Sample } from './sample.ts';

/** What the demo reads of an OAuthClient. */
export interface ClientObject {
  readonly metadata: { readonly generation: number };
  readonly spec: { readonly client: { readonly clientName?: string } };
  readonly status?: {
    readonly clientId?: string;
    readonly observedGeneration?: number;
    readonly conditions?: readonly Condition[];
  };
}

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
  readonly observedGeneration?: number;
}

/** A Secret with its values decoded. */
export interface SecretObject {
  readonly uid: string;
  readonly values: Readonly<Record<string, string>>;
}

/** The sample's OAuthClient as the API has it now. */
export async function readClient(
  testbed: Testbed,
  { namespace, name }: Sample,
): Promise<ClientObject | undefined> {
  return read<ClientObject>(testbed, ['oauthclient', name, '-n', namespace]);
}

/** The Secret that workloads mount. */
export async function readSecret(
  testbed: Testbed,
  { namespace, secretName }: Sample,
): Promise<SecretObject | undefined> {
  const secret = await read<{
    readonly metadata: { readonly uid: string };
    readonly data?: Readonly<Record<string, string>>;
  }>(testbed, ['secret', secretName, '-n', namespace]);
  if (secret === undefined) {
    return undefined;
  }
  const decoded = Object.entries(secret.data ?? {}).map(([key, value]) => [
    key,
    Buffer.from(value, 'base64').toString(),
  ]);
  return { uid: secret.metadata.uid, values: Object.fromEntries(decoded) };
}

/** `True`, else everything known of why not. */
export function readiness(client: ClientObject | undefined): string {
  if (client === undefined) {
    return 'no such object';
  }
  const ready = client.status?.conditions?.find(({ type }) => type === 'Ready');
  if (ready === undefined) {
    return 'no condition Ready';
  }
  return ready.status === 'True' ? 'True' : `${ready.status}, ${ready.reason}: ${ready.message}`;
}

/** Throws where there is none. */
export async function existingClient(testbed: Testbed, sample: Sample): Promise<ClientObject> {
  const client = await readClient(testbed, sample);
  if (client === undefined) {
    throw new Error(`there is no OAuthClient ${sample.namespace}/${sample.name}`);
  }
  return client;
}

/** Throws where there is none. */
export async function existingSecret(testbed: Testbed, sample: Sample): Promise<SecretObject> {
  const secret = await readSecret(testbed, sample);
  if (secret === undefined) {
    throw new Error(`there is no Secret ${sample.namespace}/${sample.secretName}`);
  }
  return secret;
}

/** What may be shown of a secret. */
export const masked = (value: string): string => `(${value.length} characters, not shown)`;

async function read<T>(testbed: Testbed, what: readonly string[]): Promise<T | undefined> {
  const json = await testbed.kubectl('get', ...what, '-o', 'json', '--ignore-not-found');
  return json === '' ? undefined : (JSON.parse(json) as T);
}
