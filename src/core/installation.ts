/**
 * An installation is one operator of one cluster. Its id holds the uid of namespace `kube-system`, which a copy of objects
 * doesn't carry: what is copied into another cluster names an installation that isn't there, and is left alone.
 */
export interface Installation {
  /** `<name>@<cluster>`. */
  readonly id: string;
  readonly name: string;
  /** Ids of installations that this one goes on for: a person says so on the operator's namespace. */
  readonly continues: readonly string[];
}

export const installationId = (name: string, cluster: string): string => `${name}@${cluster}`;

/** Whether what bears this id is of this installation. Ids of earlier versions are the name alone. */
export const isOurs = (id: string, { id: own, name, continues }: Installation): boolean =>
  id === '' || id === own || id === name || continues.includes(id);

/** Whether the id is of another cluster: then nobody here manages what bears it, or tells of it. */
export function isOfOtherCluster(id: string, { id: own }: Installation): boolean {
  const cluster = clusterOf(id);
  return cluster !== undefined && cluster !== clusterOf(own);
}

const clusterOf = (id: string): string | undefined => id.split('@')[1];

/** Of the annotation on the operator's namespace: ids with commas between them. */
export const continuedBy = (annotation: string | undefined): readonly string[] =>
  (annotation ?? '')
    .split(',')
    .map((id) => id.trim())
    .filter(Boolean);
