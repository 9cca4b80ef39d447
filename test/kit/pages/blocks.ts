import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..', '..', '..');

/** A fenced block of a page. */
export interface Block {
  /** From the root of the repository, like `docs/scale.md`. */
  readonly page: string;
  /** Of the fence that opens it, from 1. */
  readonly line: number;
  /** Text of the last heading above it; empty above the first. */
  readonly heading: string;
  /** What the fence names, like `sh`; empty where it names nothing. */
  readonly language: string;
  readonly text: string;
  /** Why no test runs it: the text of a comment `<!-- not run: … -->` on the line above the fence. */
  readonly notRun: string | undefined;
}

const NOT_RUN = /^<!-- not run: (.+) -->$/;

/** Every fenced block of a page, in its order. `page` from the root of the repository. */
export function blocksOf(page: string): readonly Block[] {
  return blocksIn(page, readFileSync(join(ROOT, page), 'utf8'));
}

/** The same for a text. An indented fence (in a list) counts; its indentation is removed from the block's lines. */
export function blocksIn(page: string, text: string): readonly Block[] {
  const lines = text.split('\n');
  const blocks: Block[] = [];
  let heading = '';
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at] ?? '';
    heading = /^#+ (.*)$/.exec(line)?.[1] ?? heading;
    const [fence, indent = '', language = ''] = /^( *)```(\S*)/.exec(line) ?? [];
    if (fence === undefined) {
      continue;
    }
    const end = lines.findIndex((other, index) => index > at && other.trim() === '```');
    const body = lines.slice(at + 1, end).map((inner) => inner.slice(indent.length));
    const above = lines.slice(0, at).findLast((other) => other.trim() !== '') ?? '';
    blocks.push({
      page,
      line: at + 1,
      heading,
      language,
      text: body.join('\n'),
      notRun: NOT_RUN.exec(above.trim())?.[1],
    });
    at = end;
  }
  return blocks;
}

/** The blocks of one language below a heading. Throws where there is none. */
export function blocksBelow(page: string, heading: string, language: string): readonly Block[] {
  const found = blocksOf(page).filter((block) => block.heading === heading && block.language === language);
  if (found.length === 0) {
    throw new Error(`${page} has no block of ${language} below "${heading}"`);
  }
  return found;
}
