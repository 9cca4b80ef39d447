import type { Secret } from '../../../src/api/kubernetes.ts';
import { FIELD_MANAGER } from '../../../src/api/names.ts';
import type { Stored } from './cluster.ts';

type Names = Readonly<Record<string, object>>;

interface Entry {
  readonly manager: string;
  readonly fieldsV1: {
    readonly 'f:data': Names;
    readonly 'f:metadata': { readonly 'f:labels': Names; readonly 'f:annotations': Names };
  };
}

/** The values of a Secret that have owners. */
const PLACES = {
  data: (object: Stored) => (object as Secret).data ?? {},
  labels: ({ metadata }: Stored) => metadata.labels ?? {},
  annotations: ({ metadata }: Stored) => metadata.annotations ?? {},
} as const satisfies Record<string, (object: Stored) => Readonly<Record<string, string>>>;

type Place = keyof typeof PLACES;

const namesIn = (entry: Entry, place: Place): readonly string[] => {
  const { 'f:data': data, 'f:metadata': metadata } = entry.fieldsV1;
  const fields =
    place === 'data' ? data : place === 'labels' ? metadata?.['f:labels'] : metadata?.['f:annotations'];
  return Object.keys(fields ?? {}).map((name) => name.slice('f:'.length));
};

/**
 * Field ownership of Server-Side Apply: whoever changes a value owns it alone, and what a write says of owners holds for
 * the values that stay.
 */
export function owned(after: Stored, before: Stored | undefined, by: string): Stored {
  if (after.kind !== 'Secret') {
    return after;
  }
  const writer = by.startsWith('user') ? 'kubectl-edit' : FIELD_MANAGER;
  const said = entriesOf(after) ?? (before && entriesOf(before)) ?? [];
  const managers = new Set([...said.map(({ manager }) => manager), writer]);
  const ownedBy = (manager: string, place: Place) => {
    const [is, was] = [PLACES[place](after), before === undefined ? {} : PLACES[place](before)];
    const known = said.filter((entry) => entry.manager === manager).flatMap((entry) => namesIn(entry, place));
    const names = Object.keys(is).filter((name) =>
      is[name] === was[name] ? known.includes(name) : manager === writer,
    );
    return Object.fromEntries(names.map((name) => [`f:${name}`, {}]));
  };
  const entries = [...managers].map(
    (manager): Entry => ({
      manager,
      fieldsV1: {
        'f:data': ownedBy(manager, 'data'),
        'f:metadata': {
          'f:labels': ownedBy(manager, 'labels'),
          'f:annotations': ownedBy(manager, 'annotations'),
        },
      },
    }),
  );
  return { ...after, metadata: { ...after.metadata, managedFields: entries } as Stored['metadata'] };
}

const entriesOf = ({ metadata }: Stored): readonly Entry[] | undefined =>
  (metadata as { readonly managedFields?: readonly Entry[] }).managedFields;
