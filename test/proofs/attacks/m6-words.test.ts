import { expect, test } from 'vitest';
import { ENCODINGS } from '../../kit/fixtures/encodings.ts';
import { reply } from '../../kit/stub-server.ts';
import { when } from './kit/answers.ts';
import { startBystander } from './kit/bystander.ts';
import { clusterServer, conditionOf, machineClient, type SeenObject } from './kit/objects.ts';
import { CORPORATE_TOKEN, useTarget } from './kit/target.ts';

const target = useTarget();

const WAYS: Readonly<Record<string, (value: string) => string>> = {
  ...ENCODINGS,
  'its first 20 characters': (value) => value.slice(0, 20),
  'its last 12 characters': (value) => value.slice(-12),
};
const names = Object.keys(WAYS).map((_, index) => `echo-${index}`);
const RUN = 8;

/** Parts of the credential in a text, read as people may: without invisible characters, in any case. */
function shownIn(text: string): readonly string[] {
  const seen = text.replace(/[\p{C}\p{Z}\p{M}]/gu, '').toLowerCase();
  const runs = Array.from({ length: CORPORATE_TOKEN.length - RUN + 1 }, (_, at) =>
    CORPORATE_TOKEN.slice(at, at + RUN),
  );
  const told = Object.entries(ENCODINGS).filter(([name]) => !name.includes('base64'));
  const base64 = (run: string, offset: number) => {
    const octets = Buffer.concat([Buffer.alloc(offset), Buffer.from(run)]);
    return octets.toString('base64').slice([0, 2, 3][offset], Math.floor((octets.length * 8) / 6));
  };
  const forms = runs.flatMap((run) => [
    ...told.map(([, encode]) => encode(run)),
    ...[0, 1, 2].map((offset) => base64(run, offset)),
  ]);
  return forms.filter((form) => seen.includes(form.replace(/[\p{C}\p{Z}\p{M}]/gu, '').toLowerCase()));
}

test("M6: status and Events show nothing of the platform's credential, however the server repeats it", async () => {
  const bystander = await startBystander(target);
  const tenant = await target.tenant('edit');
  const reader = await target.tenant('view', { namespace: tenant.namespace });
  const echo = (encode: (value: string) => string) =>
    reply(400, {
      error: 'invalid_client_metadata',
      error_description: `token ${encode(CORPORATE_TOKEN)} may not do that`,
    });
  target.corporate.behave.register = when(
    ({ body }) => String(body['client_name']).startsWith('echo-'),
    (exchange) => {
      const index = Number(String(exchange.body['client_name']).slice('echo-'.length));
      const encode = Object.values(WAYS)[index] ?? String;
      return echo(encode)(exchange);
    },
  );
  await bystander.during(async () => {
    const clients = names.map((name) => machineClient(name, { client: { clientName: name } }));
    await tenant.createAll(clients);
    for (const name of names) {
      await tenant.until(
        'OAuthClient',
        name,
        (object) => conditionOf(object, 'Ready')?.['reason'] === 'InvalidClientMetadata',
      );
    }
  });
  await expect
    .poll(async () => (await reader.list('Event')).length, { timeout: 20_000 })
    .toBeGreaterThan(names.length / 2);
  const messages = (objects: readonly SeenObject[]) =>
    objects.flatMap((object) => [
      String(object['note'] ?? ''),
      ...((object['status']?.conditions ?? []) as readonly SeenObject[]).map(({ message }) =>
        String(message),
      ),
    ]);
  const read = [...messages(await reader.list('OAuthClient')), ...messages(await reader.list('Event'))];
  expect(read.filter((message) => message.includes('may not do that')).length).toBeGreaterThan(
    names.length / 2,
  );
  expect(read.filter((message) => shownIn(message).length > 0)).toEqual([]);
  const logged = target.pod.lines().map((line) => JSON.stringify(line));
  expect(logged.filter((line) => shownIn(line).length > 0)).toEqual([]);
  await bystander.judge();
});

test("M6: a cluster server's message about the credential is shown only to the platform team", async () => {
  const server = await target.server();
  const words = 'audit id 17 of account svc-4711 has expired';
  server.behave.register = reply(401, { error: 'invalid_token', error_description: words });
  await target.admin.createOrFail(
    clusterServer('talkative', server.issuer, {
      registration: { admission: { initialAccessToken: { secretRef: { name: 'corporate' } } } },
    }),
  );
  const tenant = await target.tenant('edit');
  await tenant.createOrFail(
    machineClient('refused', { server: { kind: 'ClusterAuthorizationServer', name: 'talkative' } }),
  );
  const isRefused = (object: SeenObject | undefined) =>
    conditionOf(object, 'Ready')?.['reason'] === 'AdmissionRefused';
  const refused = await tenant.until('OAuthClient', 'refused', isRefused);
  const told = String(conditionOf(refused, 'Ready')?.['message']);
  expect(told).toContain('401 invalid_token');
  expect(told).not.toContain('svc-4711');
  const accepted = async () =>
    conditionOf(await target.admin.get('ClusterAuthorizationServer', 'talkative'), 'Ready')?.['message'];
  await expect.poll(accepted, { timeout: 10_000 }).toContain(words);
  expect(await accepted()).toContain(`POST ${server.issuer}/reg`);
  await expect.poll(() => JSON.stringify(target.pod.lines())).toContain('svc-4711');
  expect(JSON.stringify(await tenant.list('Event'))).not.toContain('svc-4711');
});
