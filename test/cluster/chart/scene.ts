import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ChartValues } from '../../../tools/chart-values.ts';
import { beforeTests } from '../../kit/before-tests.ts';
import { runShell, type ShellResult } from '../../kit/pages/shell.ts';
import {
  type EmbeddedAuthorizationServer,
  startAuthorizationServer,
} from '../../kit/testbed/authorization-server.ts';
import { type ControlPlane, startControlPlane } from '../../kit/testbed/control-plane.ts';
import { ensureGoTool } from '../../kit/testbed/go-tool.ts';
import { type Helm, type HelmVersion, openHelm } from '../../kit/testbed/helm.ts';
import { type StandInNode, startNode } from '../../kit/testbed/node.ts';
import { SILENT } from '../../kit/testbed/progress.ts';

/** A cluster in which nothing is installed, with a node that stands in for a real one, and Helm. */
export interface Scene {
  readonly controlPlane: ControlPlane;
  readonly node: StandInNode;
  readonly server: EmbeddedAuthorizationServer;
  readonly helm: Helm;
  /** kubectl as the admin; throws where it fails. Returns what it prints, trimmed. */
  kubectl(...args: readonly string[]): Promise<string>;
  /** Applies objects. */
  apply(...objects: readonly object[]): Promise<void>;
  /** Runs commands of a page as the admin, with this version of Helm as `helm`. */
  shell(text: string): Promise<ShellResult>;
}

/** What a trial on one machine needs: the server has http and a loopback address. */
export const TRIAL: ChartValues = { egress: { allowHttp: true, allowAddresses: ['127.0.0.0/8'] } };

/** Starts it before the tests of this block, and stops it after them. */
export function useScene(version: HelmVersion): Scene {
  const stops: (() => Promise<unknown>)[] = [];
  return beforeTests(
    async () => {
      const controlPlane = await startControlPlane({
        controllerManager: true,
        workloads: true,
        progress: SILENT,
      });
      stops.push(controlPlane.stop);
      const node = await startNode(controlPlane);
      stops.push(node.stop);
      const server = await startAuthorizationServer({ initialAccessToken: false });
      stops.push(() => server.stop());
      const helm = await openHelm(version, controlPlane.adminKubeconfig);
      stops.push(helm.close);
      const path = await mkdtemp(join(tmpdir(), 'oauth-registrar-path-'));
      stops.push(() => rm(path, { recursive: true }));
      await symlink(await ensureGoTool(version, SILENT), join(path, 'helm'));
      const kubectl: Scene['kubectl'] = async (...args) => {
        const { code, stdout, stderr } = await controlPlane.kubectl(args);
        if (code !== 0) {
          throw new Error(`kubectl ${args.join(' ')}: ${stderr}`);
        }
        return stdout.trim();
      };
      return {
        controlPlane,
        node,
        server,
        helm,
        kubectl,
        async apply(...objects) {
          const stdin = objects.map((object) => JSON.stringify(object)).join('\n');
          const { code, stderr } = await controlPlane.kubectl(['apply', '-f', '-'], { stdin });
          if (code !== 0) {
            throw new Error(stderr);
          }
        },
        shell: (text) =>
          runShell(`PATH=${path}:$PATH\n${text}`, {
            kubeconfig: controlPlane.adminKubeconfig,
            env: { HELM_CACHE_HOME: path, HELM_CONFIG_HOME: path, HELM_DATA_HOME: path },
          }),
      };
    },
    async () => {
      for (const stop of stops.toReversed()) {
        await stop();
      }
    },
  );
}
