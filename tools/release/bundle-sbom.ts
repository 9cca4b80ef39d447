import { createHash } from 'node:crypto';

/** CycloneDX 1.5, as `npm sbom` writes it: the part that is read or changed here. */
export interface Sbom {
  readonly serialNumber?: string;
  readonly metadata: {
    readonly timestamp?: string;
    readonly component: { readonly name: string; readonly 'bom-ref': string };
  };
  readonly components: readonly {
    readonly 'bom-ref': string;
    readonly name: string;
    readonly version: string;
  }[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}

/**
 * The SBOM of the bundle: of the packages that are installed for it, only those that are in it. Two runs write the same:
 * time and serial number come from the commit and the content.
 *
 * @param packages `name version`, as the licence notices list them
 * @param created RFC 3339
 */
export function sbomOfBundle(installed: Sbom, packages: readonly string[], created: string): Sbom {
  const components = installed.components.filter(({ name, version }) =>
    packages.includes(`${name} ${version}`),
  );
  const missing = packages.filter(
    (one) => !components.some(({ name, version }) => one === `${name} ${version}`),
  );
  if (missing.length > 0) {
    throw new Error(`The SBOM lacks ${missing.join(', ')}`);
  }
  const { component } = installed.metadata;
  const refs = new Set([component['bom-ref'], ...components.map((one) => one['bom-ref'])]);
  const dependencies = installed.dependencies
    .filter(({ ref }) => refs.has(ref))
    .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((other) => refs.has(other)) }));
  const { serialNumber: _, ...rest } = installed;
  const metadata = {
    ...installed.metadata,
    timestamp: created,
    component: { ...component, name: 'oauth-registrar' },
  };
  const content = { ...rest, metadata, components, dependencies };
  return { ...content, serialNumber: `urn:uuid:${uuidOf(JSON.stringify(content))}` };
}

/** `name version` of each package in the licence notices of the bundle. */
export const packagesIn = (notices: string): readonly string[] =>
  [...notices.matchAll(/^((?:@[\w.-]+\/)?[\w.-]+ \d+\.\d+\.\d+\S*) \(.*\)$/gm)].flatMap(
    ([, one]) => one ?? [],
  );

/** A UUID of version 8 (RFC 9562 section 5.8) that follows from the text. */
function uuidOf(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex');
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `8${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join('-');
}
