/** How the Pods that a PodSpec describes use a Secret. */

/** The parts of a PodSpec that can name a Secret. Anything may be absent. */
export interface PodSpecOfUser {
  readonly volumes?: readonly PodVolume[];
  readonly containers?: readonly PodContainer[];
  readonly initContainers?: readonly PodContainer[];
  readonly ephemeralContainers?: readonly PodContainer[];
}

interface PodVolume {
  readonly name: string;
  readonly secret?: { readonly secretName?: string };
  readonly projected?: { readonly sources?: readonly { readonly secret?: Named }[] };
  readonly csi?: { readonly nodePublishSecretRef?: Named };
}

interface PodContainer {
  readonly name: string;
  readonly env?: readonly { readonly name: string; readonly valueFrom?: { readonly secretKeyRef?: Named } }[];
  readonly envFrom?: readonly { readonly secretRef?: Named }[];
}

interface Named {
  readonly name?: string;
}

/** One use of a Secret. */
export interface SecretUse {
  /** `EnvironmentVariable` and `Environment` are read once, when the container starts. */
  readonly by: 'Volume' | 'ProjectedVolume' | 'EnvironmentVariable' | 'Environment';
  /** Name of the volume or of the variable; of the container for `Environment`. */
  readonly name: string;
  /** Of `EnvironmentVariable`. */
  readonly container?: string;
}

export function usesOfSecret(spec: PodSpecOfUser, secret: string): readonly SecretUse[] {
  const { volumes = [], containers = [], initContainers = [], ephemeralContainers = [] } = spec;
  return [
    ...volumes.flatMap((volume) => volumeUse(volume, secret)),
    ...[...initContainers, ...containers, ...ephemeralContainers].flatMap((container) =>
      containerUses(container, secret),
    ),
  ];
}

function volumeUse({ name, secret, projected, csi }: PodVolume, wanted: string): readonly SecretUse[] {
  if (secret?.secretName === wanted || csi?.nodePublishSecretRef?.name === wanted) {
    return [{ by: 'Volume', name }];
  }
  return projected?.sources?.some((source) => source.secret?.name === wanted) === true
    ? [{ by: 'ProjectedVolume', name }]
    : [];
}

function containerUses(
  { name: container, env = [], envFrom = [] }: PodContainer,
  wanted: string,
): readonly SecretUse[] {
  const variables = env.filter(({ valueFrom }) => valueFrom?.secretKeyRef?.name === wanted);
  const isWhole = envFrom.some(({ secretRef }) => secretRef?.name === wanted);
  return [
    ...variables.map(({ name }) => ({ by: 'EnvironmentVariable', name, container }) as const),
    ...(isWhole ? [{ by: 'Environment', name: container } as const] : []),
  ];
}

/** For people, such as `variable CLIENT_ID of container app`. */
export function secretUseText({ by, name, container }: SecretUse): string {
  switch (by) {
    case 'Volume':
      return `volume ${name}`;
    case 'ProjectedVolume':
      return `projected volume ${name}`;
    case 'EnvironmentVariable':
      return `variable ${name} of container ${container}`;
    case 'Environment':
      return `variables of container ${name}`;
  }
}
