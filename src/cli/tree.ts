import type { Cell, Printer } from './print.ts';

/** A line and what belongs to it. */
export interface Branch {
  readonly line: readonly Cell[];
  /** Sentences below the line, in front of what belongs to it. */
  readonly notes?: readonly Cell[];
  readonly branches?: readonly Branch[];
}

/** Prints a tree with lines that connect a branch with what it belongs to. */
export function printTree(print: Printer, root: Branch): void {
  print.line(...root.line);
  printBelow(print, root, '');
}

function printBelow(print: Printer, { notes = [], branches = [] }: Branch, indent: string): void {
  const stem = branches.length === 0 ? ' ' : '\u2502';
  for (const note of notes) {
    print.line(`${indent}${stem} `, note);
  }
  branches.forEach((branch, at) => {
    const isLast = at === branches.length - 1;
    print.line(indent, isLast ? '\u2514\u2500 ' : '\u251c\u2500 ', ...branch.line);
    printBelow(print, branch, `${indent}${isLast ? '   ' : '\u2502  '}`);
  });
}
