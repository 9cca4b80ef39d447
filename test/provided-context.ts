import 'vitest';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Path of a kubeconfig with all rights on the shared control plane of the test run. */
    readonly adminKubeconfig: string;
  }
}
