import type { ServerObject } from '../core/server-object.ts';
import { cureLine } from './conditions.ts';
import type { Cell, Tone } from './print.ts';
import type { ServerFinding } from './server-finding.ts';
import type { Branch } from './tree.ts';

const TONES: Readonly<Record<ServerFinding['verdict'], Tone | undefined>> = {
  Good: 'good',
  Bad: 'bad',
  Unseen: 'quiet',
  Note: undefined,
};
const WORDS: Readonly<Record<ServerFinding['verdict'], string>> = {
  Good: 'good',
  Bad: 'wrong',
  Unseen: 'not seen',
  Note: '',
};

/** What `check SERVER` prints: a branch for each part, with its findings. Pure. */
export function serverCheckTree(
  { kind, metadata: { name, namespace } }: ServerObject,
  findings: readonly ServerFinding[],
): Branch {
  const parts = [...new Set(findings.map(({ part }) => part))];
  const wrong = findings.filter(({ verdict }) => verdict === 'Bad').length;
  const title = `${kind} ${namespace === undefined ? name : `${namespace}/${name}`}: `;
  return {
    line: [
      title,
      wrong === 0 ? { text: 'nothing wrong', tone: 'good' } : { text: `${wrong} wrong`, tone: 'bad' },
    ],
    branches: parts.map((part) => ({
      line: [part],
      branches: findings.filter((finding) => finding.part === part).map(branchOf),
    })),
  };
}

function branchOf({ verdict, text, reason }: ServerFinding): Branch {
  const tone = TONES[verdict];
  const word: readonly Cell[] = tone === undefined ? [] : [{ text: `${WORDS[verdict]}: `, tone }];
  return { line: [...word, text], notes: verdict === 'Bad' ? cureLine(reason) : [] };
}
