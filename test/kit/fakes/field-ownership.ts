import type { Secret } from '../../../src/api/kubernetes.ts';
import { FIELD_MANAGER } from '../../../src/api/names.ts';
import type { Stored } from './cluster.ts';

/** Field ownership of Server-Side Apply: the writer of a key of a Secret owns it. */
export function owned(after: Stored, before: Stored | undefined, by: string): Stored {
  if (after.kind !== 'Secret') {
    return after;
  }
  const manager = by.startsWith('user') ? 'kubectl-edit' : FIELD_MANAGER;
  const mine = (object: Stored | undefined, name: string): readonly string[] =>
    ((object?.metadata as Owned | undefined)?.managedFields ?? [])
      .filter((fields) => fields.manager === name)
      .flatMap(({ fieldsV1 }) => Object.keys(fieldsV1['f:data']));
  const { data = {} } = after as Secret;
  const keys = Object.keys(data);
  const changed = keys.filter((key) => data[key] !== before?.data?.[key]).map((key) => `f:${key}`);
  const said = manager === FIELD_MANAGER ? keys.map((key) => `f:${key}`) : changed;
  const others = manager === FIELD_MANAGER ? [] : mine(before, FIELD_MANAGER);
  const left = others.filter((key) => keys.includes(key.slice(2)) && !changed.includes(key));
  const fields = (name: string, list: readonly string[]) =>
    list.length === 0
      ? []
      : [{ manager: name, fieldsV1: { 'f:data': Object.fromEntries(list.map((k) => [k, {}])) } }];
  const managedFields = [...fields(manager, said), ...fields(FIELD_MANAGER, left)];
  return { ...after, metadata: { ...after.metadata, managedFields } as Stored['metadata'] };
}

interface Owned {
  readonly managedFields?: readonly {
    readonly manager: string;
    readonly fieldsV1: { readonly 'f:data': object };
  }[];
}
