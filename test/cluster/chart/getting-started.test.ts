import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { blocksOf } from '../../kit/pages/blocks.ts';
import { startAuthorizationServer } from '../../kit/testbed/authorization-server.ts';
import { type Scene, useScene } from './scene.ts';

/**
 * The commands and YAML of a page from `helm install` to a token, in its order, in a cluster in which nothing is
 * installed. The embedded node-oidc-provider stands in for Keycloak; it listens at a loopback address.
 */

const ROOT = join(import.meta.dirname, '..', '..', '..');
const TRIAL_VALUE = '--set egress.allowHttp=true';
const LOOPBACK = "--set 'egress.allowAddresses={127.0.0.0/8}'";

const scene: Scene = useScene('helm4');
let folder: string;
let server: Awaited<ReturnType<typeof startAuthorizationServer>>;

beforeAll(async () => {
  server = await startAuthorizationServer();
  folder = await mkdtemp(join(tmpdir(), 'oauth-registrar-getting-started-'));
  await symlink(join(ROOT, 'deploy'), join(folder, 'deploy'));
});
afterAll(async () => {
  await server?.stop();
  await rm(folder, { recursive: true, force: true });
});

const page = blocksOf('docs/getting-started.md');
const shells = (heading: string) =>
  page.filter((block) => block.language === 'sh' && block.heading === heading).map(({ text }) => text);
const yamls = (heading: string) =>
  page.filter((block) => block.language === 'yaml' && block.heading === heading).map(({ text }) => text);

const shell = (text: string) => scene.shell(`cd ${folder}\nTOKEN='${server.initialAccessToken}'\n${text}`);
const atServer = (text: string): string =>
  text
    .replaceAll('http://keycloak.keycloak.svc:8080/realms/shop', server.issuer)
    .replaceAll('http://localhost:8080/realms/shop/protocol/openid-connect/token', `${server.issuer}/token`);

describe('docs/getting-started.md', () => {
  test('1. helm install and helm test, with the value for a server at a loopback address', async () => {
    const [install = ''] = shells('1. The operator').slice(1);
    const result = await shell(install.replace(TRIAL_VALUE, `${TRIAL_VALUE} ${LOOPBACK}`));
    expect(result).toMatchObject({ code: 0 });
    expect(scene.node.printed.at(-1)).toMatch(/^oauth-registrar works in oauth-registrar-system: /);
  });

  test('3. and 4. from the server object to a client that is ready', async () => {
    const [offer = ''] = shells('3. Offer the server');
    expect(await shell(offer)).toMatchObject({ code: 0 });
    await writeFile(join(folder, 'server.yaml'), atServer(yamls('3. Offer the server')[0] ?? ''));
    await writeFile(join(folder, 'storefront.yaml'), yamls('4. A client')[0] ?? '');
    const [client = ''] = shells('4. A client');
    const result = await shell(client);
    expect(result).toMatchObject({ code: 0 });
    expect(result.stdout).toMatch(/storefront +True +Registered +shop-realm/);
  });

  test('5. the Secret gets a token', async () => {
    const [token = ''] = shells('5. A token');
    const result = await shell(atServer(token.replace(/^kubectl .* port-forward .*\n/, '')));
    expect(result).toMatchObject({ code: 0 });
    expect(JSON.parse(result.stdout)).toMatchObject({ access_token: expect.any(String) });
  });
});
