import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { beforeTests } from '../../kit/before-tests.ts';
import { type Block, blocksOf } from '../../kit/pages/blocks.ts';
import type { ShellResult } from '../../kit/pages/shell.ts';
import {
  type EmbeddedAuthorizationServer,
  startAuthorizationServer,
} from '../../kit/testbed/authorization-server.ts';
import type { HelmVersion } from '../../kit/testbed/helm.ts';
import { type Scene, useScene } from './scene.ts';

/**
 * What a new user types, from `helm install` to a client that is ready: the commands and YAML of a page in their order, in
 * a cluster in which nothing is installed. The embedded node-oidc-provider stands in for the server; it has http and
 * a loopback address.
 */

const ROOT = join(import.meta.dirname, '..', '..', '..');
const ALLOW_HTTP = '--set egress.allowHttp=true';
const ALLOW_LOOPBACK = "--set 'egress.allowAddresses={127.0.0.0/8}'";
const WORKS = /^oauth-registrar works in oauth-registrar-system: /;

interface Reader {
  readonly scene: Scene;
  /** With an initial access token. */
  readonly server: EmbeddedAuthorizationServer;
  /** Runs commands in a folder that has `deploy`, with the token in `TOKEN`. */
  shell(text: string): Promise<ShellResult>;
  /** Writes a file beside `deploy`. */
  save(name: string, text: string): Promise<void>;
}

function useReader(version: HelmVersion): Reader {
  const scene = useScene(version);
  return beforeTests(
    async () => {
      const server = await startAuthorizationServer();
      const folder = await mkdtemp(join(tmpdir(), 'oauth-registrar-reader-'));
      await symlink(join(ROOT, 'deploy'), join(folder, 'deploy'));
      return {
        scene,
        server,
        folder,
        shell: (text: string) =>
          scene.shell(`cd ${folder}\nTOKEN='${server.initialAccessToken ?? ''}'\n${text}`),
        save: (name: string, text: string) => writeFile(join(folder, name), text),
      };
    },
    async (reader) => {
      await reader?.server.stop();
      await rm(reader?.folder ?? '', { recursive: true, force: true });
    },
  );
}

/** The only block of a language below a heading that holds `part`. */
function blockOf(page: string, language: string, part: string): string {
  const found = blocksOf(page).filter(
    (block: Block) => block.language === language && block.text.includes(part),
  );
  expect(found.map(({ line }) => line)).toHaveLength(1);
  return found[0]?.text ?? '';
}

describe('docs/getting-started.md, with Helm 4', () => {
  const reader = useReader('helm4');
  const block = (language: string, part: string) => blockOf('docs/getting-started.md', language, part);
  const atServer = (text: string): string =>
    text
      .replaceAll('http://keycloak.keycloak.svc:8080/realms/shop', reader.server.issuer)
      .replaceAll(
        'http://localhost:8080/realms/shop/protocol/openid-connect/token',
        `${reader.server.issuer}/token`,
      );

  test('helm install and helm test', async () => {
    const install = block('sh', 'helm install');
    expect(install).toContain(ALLOW_HTTP);
    const text = install.replace(ALLOW_HTTP, `${ALLOW_HTTP} ${ALLOW_LOOPBACK}`);
    expect(await reader.shell(text)).toMatchObject({ code: 0 });
    expect(reader.scene.node.printed.at(-1)).toMatch(WORKS);
  });

  test('from the server object to a client that is ready', async () => {
    expect(await reader.shell(block('sh', 'create secret'))).toMatchObject({ code: 0 });
    await reader.save('server.yaml', atServer(block('yaml', 'kind: ClusterAuthorizationServer')));
    await reader.save('storefront.yaml', block('yaml', 'kind: OAuthClient'));
    const result = await reader.shell(block('sh', 'kubectl apply -f server.yaml'));
    expect(result).toMatchObject({ code: 0 });
    expect(result.stdout).toMatch(/storefront +True +Registered +shop-realm/);
  });

  test('the Secret gets a token', async () => {
    const text = block('sh', 'curl').replace(/^kubectl .* port-forward .*\n/, '');
    const result = await reader.shell(atServer(text));
    expect(result).toMatchObject({ code: 0 });
    expect(JSON.parse(result.stdout)).toMatchObject({ access_token: expect.any(String) });
  });
});

describe('README.md, with Helm 3', () => {
  const reader = useReader('helm3');
  const block = (language: string, part: string) => blockOf('README.md', language, part);

  test('helm install and helm test', async () => {
    const install = block('sh', 'helm install');
    const image = '--set image.tag=0.1.0';
    expect(install).toContain(image);
    const text = install.replace(image, `${image} ${ALLOW_HTTP} ${ALLOW_LOOPBACK}`);
    expect(await reader.shell(text)).toMatchObject({ code: 0 });
    expect(reader.scene.node.printed.at(-1)).toMatch(WORKS);
  });

  test('from the server object to a client that is ready', async () => {
    const server = block('yaml', 'kind: ClusterAuthorizationServer');
    await reader.save('server.yaml', server.replace('https://sso.example.com', reader.server.issuer));
    await reader.save('storefront.yaml', block('yaml', 'kind: OAuthClient'));
    expect(await reader.shell('kubectl apply -f server.yaml')).toMatchObject({ code: 0 });
    expect(await reader.shell(block('sh', 'create secret'))).toMatchObject({ code: 0 });
    expect(await reader.shell('kubectl apply -f storefront.yaml')).toMatchObject({ code: 0 });
    const [wait = ''] = block('console', 'wait').split('\n');
    expect(await reader.shell(wait.replace('$ ', ''))).toMatchObject({ code: 0 });
  });
});
