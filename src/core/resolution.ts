/**
 * How a person tells the operator that an entry of a list is dealt with: beside the entry `KEY` of the ConfigMap, the key
 * `KEY.resolved` with a note. The operator then removes both keys and what belongs to the entry, and writes an Event with
 * the note. Whoever may write the list needs no right to read a Secret for that.
 */

const SUFFIX = '.resolved';
const MAX_NOTE = 400;

/** The key of the note about the entry with this key. */
export const resolutionKey = (key: string): string => `${key}${SUFFIX}`;

/** The key of a note, as {@link resolutionKey} makes it. */
export const isResolutionKey = (key: string): boolean => key.endsWith(SUFFIX);

/** The entries that have a note: key of the entry → the note, of at most 400 characters. */
export function resolutionsIn(data: Readonly<Record<string, string>>): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(data).flatMap(([key, note]) => {
      const entry = key.slice(0, -SUFFIX.length);
      return isResolutionKey(key) && Object.hasOwn(data, entry) ? [[entry, note.slice(0, MAX_NOTE)]] : [];
    }),
  );
}

/** The data without these entries and their notes, and without notes about entries that are not there. */
export function withoutEntries(
  data: Readonly<Record<string, string>>,
  isGone: (key: string) => boolean,
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(data).filter(([key]) => {
      const entry = isResolutionKey(key) ? key.slice(0, -SUFFIX.length) : key;
      return Object.hasOwn(data, entry) && !isGone(entry);
    }),
  );
}
