/**
 * An installation is one operator in one cluster. Its id contains the uid of namespace `kube-system`, which differs in
 * each cluster: objects that were copied from another cluster name an installation that isn't there, and are left
 * alone.
 */
export interface Installation {
  /** `<name>@<cluster>`. */
  readonly id: string;
  readonly name: string;
  /** Ids of installations that this one continues: a person lists them in an annotation on the operator's namespace. */
  readonly continues: readonly string[];
}

export const installationId = (name: string, cluster: string): string => `${name}@${cluster}`;

/** Whether the id names this installation. Ids of earlier versions are the name alone. */
export const isOurs = (id: string, { id: own, name, continues }: Installation): boolean =>
  id === '' || id === own || id === name || continues.includes(id);

/** Whether the id names an installation of another cluster. Nobody in this cluster manages or reports its objects. */
export function isOfOtherCluster(id: string, { id: own }: Installation): boolean {
  const cluster = clusterOf(id);
  return cluster !== undefined && cluster !== clusterOf(own);
}

const clusterOf = (id: string): string | undefined => id.split('@')[1];

/** Reads the annotation on the operator's namespace: ids with commas between them. */
export const continuedBy = (annotation: string | undefined): readonly string[] =>
  (annotation ?? '')
    .split(',')
    .map((id) => id.trim())
    .filter(Boolean);
