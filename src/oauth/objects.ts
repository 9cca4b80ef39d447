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

/** The names of a table's rows, in their order. */
export const namesOf = <Name extends string>(table: Readonly<Record<Name, unknown>>): readonly Name[] =>
  Object.keys(table).filter((name): name is Name => Object.hasOwn(table, name));

/**
 * The own member of that name, or `undefined`. A name from outside may be `constructor`, which every object inherits.
 */
export const own = <Value>(members: Readonly<Record<string, Value>>, name: string): Value | undefined =>
  Object.hasOwn(members, name) ? members[name] : undefined;
