/**
 * Files that import each other, directly or by way of others.
 *
 * @param imports what each file imports
 * @returns each circle once, as the files on the way round it
 */
export function circles(imports: ReadonlyMap<string, readonly string[]>): readonly (readonly string[])[] {
  const found: (readonly string[])[] = [];
  const finished = new Set<string>();
  const way: string[] = [];
  const visit = (file: string): void => {
    const at = way.indexOf(file);
    if (at >= 0) {
      found.push([...way.slice(at), file]);
      return;
    }
    if (finished.has(file)) {
      return;
    }
    way.push(file);
    for (const next of imports.get(file) ?? []) {
      visit(next);
    }
    way.pop();
    finished.add(file);
  };
  for (const file of imports.keys()) {
    visit(file);
  }
  return found;
}
