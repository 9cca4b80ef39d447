import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { ensureGoTool } from '../testbed/go-tool.ts';
import { createProgress } from '../testbed/progress.ts';

/** What GitOps tools make of an object, by their own code: `test/kit/testbed/tools/gitops`. */
export interface Judge extends AsyncDisposable {
  /** By kstatus: `Current`, `InProgress`, `Failed`, `Terminating`. */
  kstatus(object: object): Promise<string>;
  /** By the expressions of a Kustomization of Flux: `Current`, `InProgress` or `Failed`. */
  flux(object: object, expressions: HealthCheckExpressions): Promise<string>;
  /** What a script for Argo CD returns. Throws what it throws. */
  lua(object: object, script: string): Promise<unknown>;
}

export interface HealthCheckExpressions {
  readonly current: string;
  readonly failed?: string;
  readonly inProgress?: string;
}

/** Builds the program where it is missing, and starts it. */
export async function startJudge(): Promise<Judge> {
  const child = spawn(await ensureGoTool('gitops', createProgress()), { stdio: ['pipe', 'pipe', 'inherit'] });
  const answers = createInterface(child.stdout)[Symbol.asyncIterator]();
  let turn = Promise.resolve<unknown>(undefined);
  const ask = (request: object): Promise<unknown> => {
    const asked = turn.then(async () => {
      child.stdin.write(`${JSON.stringify(request)}\n`);
      const { result, error } = JSON.parse((await answers.next()).value ?? '{"error":"no answer"}') as {
        readonly result?: unknown;
        readonly error?: string;
      };
      if (error !== undefined) {
        throw new Error(error);
      }
      return result;
    });
    turn = asked.catch(() => undefined);
    return asked;
  };
  return {
    kstatus: async (object) => String(await ask({ judge: 'kstatus', object })),
    flux: async (object, expressions) => String(await ask({ judge: 'flux', object, expressions })),
    lua: (object, script) => ask({ judge: 'lua', object, script }),
    [Symbol.asyncDispose]: async () => {
      const ended = new Promise((resolve) => child.once('close', resolve));
      child.stdin.end();
      await ended;
    },
  };
}
