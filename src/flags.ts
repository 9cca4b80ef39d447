import type * as z from 'zod';

/** What the commands of this program have in common: how flags are checked and explained. */

/** A line of `--help` for each flag. */
export const flagLines = (flags: Readonly<Record<string, { readonly help: string }>>): string =>
  Object.entries(flags)
    .map(([name, { help }]) => `  --${name.padEnd(30)}${help}`)
    .join('\n');

/**
 * The flags as they were given, and checked by `schema`; or a message that says which flag is wrong.
 *
 * @param parse as `parseArgs`; it throws at an unknown flag
 */
export function readFlags<Values, Checked>(
  parse: () => Values,
  schema: z.ZodType<Checked>,
): { readonly values: Values; readonly checked: Checked } | { readonly problem: string } {
  let values: Values;
  try {
    values = parse();
  } catch (error) {
    return { problem: error instanceof Error ? error.message : "flags can't be read" };
  }
  const checked = schema.safeParse(values);
  if (!checked.success) {
    const [issue] = checked.error.issues;
    return { problem: `--${issue?.path.join('.')}: ${issue?.message}` };
  }
  return { values, checked: checked.data };
}

/** A certificate chain and its key, which serve together or not at all. */
export const tlsFilesOf = (
  certFile: string | undefined,
  keyFile: string | undefined,
): { readonly certFile: string; readonly keyFile: string } | undefined =>
  certFile === undefined || keyFile === undefined ? undefined : { certFile, keyFile };
