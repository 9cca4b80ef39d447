import type { Progress } from '../../kit/testbed/progress.ts';
import type { Figure } from '../figure.ts';
import { startStageWith } from '../stage.ts';
import { startPeerHydra } from './hydra.ts';
import { maester } from './maester.ts';
import { ensureMaester } from './maester-build.ts';
import { measureSubject, type PeerOptions } from './measure.ts';
import { registrar } from './registrar.ts';

/** What was measured with each, by its name. */
export type PeerFigures = Readonly<Record<string, readonly Figure[]>>;

export interface PeerRun extends PeerOptions {
  /** The bundled operator. */
  readonly entry: string;
  readonly progress: Progress;
  /** Whether this operator goes first: the control plane knows more after each. */
  readonly reversed: boolean;
}

/** Both in turn, at one control plane and one Hydra, which each finds just started and empty. */
export async function measurePeers({ entry, progress, reversed, ...options }: PeerRun): Promise<PeerFigures> {
  const binaries = await ensureMaester(progress);
  const hydra = await startPeerHydra(progress);
  const stage = await progress.step('Starting', () => startStageWith(entry, hydra));
  try {
    const subjects = [await maester(stage, binaries), registrar(stage)];
    const found: Record<string, readonly Figure[]> = {};
    for (const subject of reversed ? subjects.toReversed() : subjects) {
      await hydra.restart();
      found[subject.name] = await progress.step(subject.name, (update) =>
        measureSubject(stage, subject, options, update),
      );
    }
    return found;
  } finally {
    await stage.stop();
  }
}
