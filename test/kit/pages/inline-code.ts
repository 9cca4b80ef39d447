import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..', '..', '..');

/** Code in running text or in a table: what stands between two backticks, outside of fenced blocks. */
export interface InlineCode {
  /** From the root of the repository, like `docs/scale.md`. */
  readonly page: string;
  /** Where it begins, from 1. */
  readonly line: number;
  /** On one line, whatever the page's lines are. A `\|` of a table is a `|` here. */
  readonly text: string;
}

const FENCED = /^( *)```[\s\S]*?^\1```$/gm;
/** It may go on in the next line, but not across an empty one. */
const SPAN = /`((?:[^`\n]|\n(?!\s*\n))+)`/g;

/** Every piece of inline code of a page, in its order. `page` from the root of the repository. */
export function inlineCodeOf(page: string): readonly InlineCode[] {
  return inlineCodeIn(page, readFileSync(join(ROOT, page), 'utf8'));
}

/** The same for a text. */
export function inlineCodeIn(page: string, text: string): readonly InlineCode[] {
  const withoutBlocks = text.replace(FENCED, (block) => block.replace(/[^\n]/g, ''));
  return [...withoutBlocks.matchAll(SPAN)].map((match) => ({
    page,
    line: withoutBlocks.slice(0, match.index).split('\n').length,
    text: (match[1] ?? '').replace(/\s+/g, ' ').replaceAll('\\|', '|').trim(),
  }));
}
