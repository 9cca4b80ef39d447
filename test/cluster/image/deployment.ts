import { parseAllDocuments } from 'yaml';

/** The container's settings in the Deployment of `deploy/`. */
export interface ContainerSpec {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly readOnlyRoot: boolean;
  readonly noNewPrivileges: boolean;
  /** Folders in memory: path → size in MiB. */
  readonly memoryVolumes: ReadonlyMap<string, number>;
}

interface Deployment {
  readonly kind: string;
  readonly spec: {
    readonly template: {
      readonly spec: {
        readonly securityContext: object;
        readonly containers: readonly [Container];
        readonly volumes: readonly {
          readonly name: string;
          readonly emptyDir: { readonly sizeLimit: string };
        }[];
      };
    };
  };
}

interface Container {
  readonly args: readonly string[];
  readonly env: readonly {
    readonly name: string;
    readonly valueFrom: { readonly fieldRef: { readonly fieldPath: string } };
  }[];
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
  readonly securityContext: {
    readonly readOnlyRootFilesystem: boolean;
    readonly allowPrivilegeEscalation: boolean;
  };
}

/**
 * Reads the only Deployment of `kubectl kustomize deploy`; `fields` answers the downward API. Throws on another form.
 */
export function containerSpec(manifests: string, fields: Readonly<Record<string, string>>): ContainerSpec {
  const objects = parseAllDocuments(manifests).map(
    (document) => document.toJS() as { readonly kind: string },
  );
  const deployment = objects.find(({ kind }) => kind === 'Deployment') as Deployment | undefined;
  if (deployment === undefined) {
    throw new Error('there is no Deployment');
  }
  const pod = deployment.spec.template.spec;
  for (const identity of ['runAsUser', 'runAsGroup', 'fsGroup']) {
    if (identity in pod.securityContext || identity in pod.containers[0].securityContext) {
      throw new Error(`the Deployment fixes ${identity}, which the image and the platform choose`);
    }
  }
  const [container] = pod.containers;
  const env = Object.fromEntries(
    container.env.map(({ name, valueFrom }) => [name, fields[valueFrom.fieldRef.fieldPath] ?? '']),
  );
  const sizes = new Map(
    pod.volumes.map(({ name, emptyDir }) => [name, Number.parseInt(emptyDir.sizeLimit, 10)]),
  );
  return {
    args: container.args.map((arg) => arg.replace(/\$\(([^)]+)\)/g, (_, name: string) => env[name] ?? '')),
    env,
    readOnlyRoot: container.securityContext.readOnlyRootFilesystem,
    noNewPrivileges: !container.securityContext.allowPrivilegeEscalation,
    memoryVolumes: new Map(
      container.volumeMounts.map(({ name, mountPath }) => [mountPath, sizes.get(name) ?? 0]),
    ),
  };
}
