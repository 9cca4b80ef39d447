import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { FORMATS, secretTypesOf } from '../src/formats/formats.ts';

const FILE = 'deploy/base/account-bounds.yaml';
const PLACE = /orValue\('Opaque'\) in \[[^\]]*\]/;

/** The policy for the operator's account, with the types of Secrets that the formats give: path from the root → content. */
export function accountBounds(): readonly [string, string] {
  const written = readFileSync(join(import.meta.dirname, '..', FILE), 'utf8');
  const types = secretTypesOf(FORMATS).map((type) => `'${type}'`);
  if (!PLACE.test(written)) {
    throw new Error(`${FILE} has no list of types of Secrets`);
  }
  return [FILE, written.replace(PLACE, `orValue('Opaque') in [${types.join(', ')}]`)];
}
