import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';

/** What the testbed takes from the environment: the only place below `test/kit/testbed` that reads `process.env`. */
export interface Environment {
  /** `KUBEBUILDER_ASSETS`: a folder of control-plane binaries, as `setup-envtest` makes it. */
  readonly kubebuilderAssets: string | undefined;
  /** `XDG_CACHE_HOME`, else `~/.cache`. */
  readonly cacheHome: string;
  /** `JAVA_HOME`: the folder of a Java installation, which goes before `java` on the `PATH`. */
  readonly javaHome: string | undefined;
  /** The folders of `PATH`, in order. */
  readonly searchPath: readonly string[];
}

export function readEnvironment(): Environment {
  return {
    kubebuilderAssets: process.env['KUBEBUILDER_ASSETS'] || undefined,
    cacheHome: process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'),
    javaHome: process.env['JAVA_HOME'] || undefined,
    searchPath: (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== ''),
  };
}

/** This process's environment with `changes` on top: for child processes. */
export function childEnvironment(changes: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  return { ...process.env, ...changes };
}
