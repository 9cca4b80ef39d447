import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const DOCS = join(import.meta.dirname, '..', '..', '..', 'docs');

/** Throws where the page has no markers of this name: before something long is measured for it. */
export function expectPlace(page: string, name: string): void {
  partsOf(page, name);
}

/**
 * Puts what a command found into a page of the documentation, between its markers `<!-- NAME:begin -->` and
 * `<!-- NAME:end -->`. Throws where the page has none of this name.
 *
 * @param page name of a file in `docs/`
 */
export function writeToPage(page: string, name: string, text: string): void {
  const { path, before, begin, end, after } = partsOf(page, name);
  writeFileSync(path, `${before}${begin}\n\n${text}\n\n${end}${after}`);
}

function partsOf(page: string, name: string) {
  const [begin, end] = [`<!-- ${name}:begin -->`, `<!-- ${name}:end -->`];
  const path = join(DOCS, page);
  const [before = '', rest = ''] = readFileSync(path, 'utf8').split(begin);
  const [, after] = rest.split(end);
  if (after === undefined) {
    throw new Error(`${path} has no place for ${name}: write ${begin} and ${end} where it belongs.`);
  }
  return { path, before, begin, end, after };
}
