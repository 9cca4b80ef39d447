/** A number from 0 to 1, fixed for each text such as a uid, that spreads what would happen at the same time. */
export function spreadOf(text: string): number {
  const sum = [...text].reduce((hash, character) => (hash * 31 + character.charCodeAt(0)) % 65_536, 7);
  return sum / 65_536;
}
