/** Words of a line of shell, without their quotes; `|`, `||`, `&&`, `;` and `>` are words of their own. */
export function shellWords(line: string): readonly string[] {
  const words = line.matchAll(/(?:"(?:\\.|[^"\\])*"|'[^']*'|\$\([^)]*\)|\\.|[^\s|;&>'"\\])+|\|\|?|&&|;|>/g);
  return [...words].map(([word]) => word.replace(/"((?:\\.|[^"\\])*)"|'([^']*)'|\\(.)/g, '$1$2$3'));
}

const ENDS = ['|', '||', '&&', ';', '>'];

/** The commands of a line: the words of each, without what joins them. */
export function commandsIn(line: string): readonly (readonly string[])[] {
  const commands: string[][] = [[]];
  for (const word of shellWords(line)) {
    if (ENDS.includes(word)) {
      commands.push([]);
    } else {
      commands.at(-1)?.push(word);
    }
  }
  return commands.filter((words) => words.length > 0);
}
