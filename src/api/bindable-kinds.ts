import { RESOURCES, type Resource } from './kubernetes.ts';

/** The kinds that `spec.lifetime.boundTo` may name: those that the operator may read. */

/** In every install. */
export const ALWAYS_BINDABLE: readonly Resource[] = [RESOURCES.pod, RESOURCES.job];

/** How an install names a kind: `plural.version.group/Kind`, without `.group` for the core group. */
const NAMED =
  /^([a-z][a-z0-9-]{0,62})\.(v[0-9]+(?:(?:alpha|beta)[0-9]+)?)(?:\.([a-z0-9][a-z0-9.-]{0,252}))?\/([A-Z][A-Za-z0-9]{0,62})$/;

/** `sandboxes.v1alpha1.agents.x-k8s.io/Sandbox`; `undefined`: the text names no kind. */
export function toBindableKind(text: string): Resource | undefined {
  const [, plural, version, group = '', kind] = NAMED.exec(text) ?? [];
  return plural === undefined || version === undefined || kind === undefined
    ? undefined
    : { group, version, kind, plural, namespaced: true };
}

/** `Kind.group`, or `Kind` for the core group, as kubectl writes it. */
export const kindText = ({ group, kind }: Pick<Resource, 'group' | 'kind'>): string =>
  group === '' ? kind : `${kind}.${group}`;
