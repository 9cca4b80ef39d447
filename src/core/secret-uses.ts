/** How the Pods that a PodSpec describes use a Secret. */

/** The parts of a PodSpec that can name a Secret. Anything may be absent. */
export interface PodSpecOfUser {
  readonly volumes?: readonly PodVolume[];
  readonly containers?: readonly PodContainer[];
  readonly initContainers?: readonly PodContainer[];
  readonly ephemeralContainers?: readonly PodContainer[];
  readonly imagePullSecrets?: readonly Named[];
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

export const usesOfSecret = (spec: PodSpecOfUser, secret: string): readonly SecretUse[] =>
  namedUses(spec).flatMap(({ named, use }) => (named === secret ? [use] : []));

/** The names of all Secrets that it uses, those for pulling images among them. */
export const secretsNamedBy = (spec: PodSpecOfUser): ReadonlySet<string> =>
  new Set([
    ...namedUses(spec).map(({ named }) => named),
    ...(spec.imagePullSecrets ?? []).flatMap(({ name }) => name ?? []),
  ]);

interface NamedUse {
  /** The Secret. */
  readonly named: string;
  readonly use: SecretUse;
}

function namedUses(spec: PodSpecOfUser): readonly NamedUse[] {
  const { volumes = [], containers = [], initContainers = [], ephemeralContainers = [] } = spec;
  return [
    ...volumes.flatMap(volumeUses),
    ...[...initContainers, ...containers, ...ephemeralContainers].flatMap(containerUses),
  ];
}

function volumeUses({ name, secret, projected, csi }: PodVolume): readonly NamedUse[] {
  const whole = [secret?.secretName, csi?.nodePublishSecretRef?.name];
  const parts = new Set((projected?.sources ?? []).map((source) => source.secret?.name));
  return [
    ...whole.flatMap((named) => useOf(named, { by: 'Volume', name })),
    ...[...parts].flatMap((named) => useOf(named, { by: 'ProjectedVolume', name })),
  ];
}

function containerUses({ name: container, env = [], envFrom = [] }: PodContainer): readonly NamedUse[] {
  const whole = new Set(envFrom.map(({ secretRef }) => secretRef?.name));
  return [
    ...env.flatMap(({ name, valueFrom }) =>
      useOf(valueFrom?.secretKeyRef?.name, { by: 'EnvironmentVariable', name, container }),
    ),
    ...[...whole].flatMap((named) => useOf(named, { by: 'Environment', name: container })),
  ];
}

const useOf = (named: string | undefined, use: SecretUse): readonly NamedUse[] =>
  named === undefined ? [] : [{ named, use }];

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
