/** Small operations on objects whose members may be absent. */

type Present<Members> = {
  [Name in keyof Members as undefined extends Members[Name] ? never : Name]: Members[Name];
} & {
  [Name in keyof Members as undefined extends Members[Name] ? Name : never]?: Exclude<
    Members[Name],
    undefined
  >;
};

/** The members that have a value, in their order: a member that is `undefined` is absent from the result. */
export function defined<const Members extends object>(members: Members): Present<Members> {
  const present: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(members)) {
    if (value !== undefined) {
      present[name] = value;
    }
  }
  return present as Present<Members>;
}

/** A copy without the named members. */
export function omit<Members extends object, Name extends keyof Members>(
  members: Members,
  ...names: readonly Name[]
): Omit<Members, Name> {
  const kept = { ...members };
  for (const name of names) {
    delete kept[name];
  }
  return kept;
}
