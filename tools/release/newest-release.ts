/**
 * The newest release that a CHANGELOG names, and the commit that it was built from: the first section after "Unreleased",
 * whose text has "Built from commit `…`". `undefined`: it names none.
 */
export function newestRelease(
  changelog: string,
): { readonly version: string; readonly commit: string } | undefined {
  const found = /^## (\d\S*)[^\n]*\n+Built from commit `([0-9a-f]{7,40})`/m.exec(changelog);
  const [, version, commit] = found ?? [];
  return version === undefined || commit === undefined ? undefined : { version, commit };
}
