import 'vitest';
import type { Subject } from '../proofs/attacks/kit/subject.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Path of a kubeconfig with all rights on the shared control plane of the test run. */
    readonly adminKubeconfig: string;
    /** The operator that the attacks are tried on. */
    readonly attacked: Subject;
  }
}
