import { readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import type { EffectPorts } from '../../../src/operator.ts';
import {
  createReplaceNamer,
  type Effect,
  effectOfAppend,
  effectOfCreate,
  effectOfDelete,
  effectOfPatch,
  effectOfRequest,
} from './effects.ts';

/**
 * A place in the operator's work: before an effect is requested, or after it, before anything is done with the
 * answer.
 */
export type Place = `${Effect}:${'before' | 'after'}`;

/** What happens at a place, when it is reached the `nth` time after the failpoint was set. */
export interface Failpoint {
  readonly place: Place;
  readonly nth: number;
  readonly signal: 'SIGKILL' | 'SIGSTOP' | 'SIGTERM';
}

/** The line that an operator prints when it reaches its failpoint. */
export const MET = 'failpoint met';

/** Sets the failpoint of the operator that watches `file`, or removes it. */
export function setFailpoint(file: string, failpoint: Failpoint | undefined): void {
  if (failpoint === undefined) {
    rmSync(file, { force: true });
    return;
  }
  writeFileSync(file, JSON.stringify(failpoint));
}

/**
 * The same ports; the failpoint in `file` acts on this process. It acts once: a process that is started again has
 * none.
 */
export function withFailpoints({ api, http, journal }: EffectPorts, file: string): EffectPorts {
  const reach = createReach(file);
  const around = async <T>(effect: Effect | undefined, act: () => Promise<T>): Promise<T> => {
    reach(effect, 'before');
    const result = await act();
    reach(effect, 'after');
    return result;
  };
  const aroundSync = (effect: Effect, act: () => void): void => {
    reach(effect, 'before');
    act();
    reach(effect, 'after');
  };
  const effectOfReplace = createReplaceNamer();
  return {
    api: {
      ...api,
      create: (resource, object) =>
        around(effectOfCreate(resource, object), () => api.create(resource, object)),
      replace: (resource, object, subresource) =>
        around(effectOfReplace(resource, object), () => api.replace(resource, object, subresource)),
      patch: (resource, key, patch) =>
        around(effectOfPatch(resource, patch), () => api.patch(resource, key, patch)),
      delete: (resource, key, preconditions) =>
        around(effectOfDelete(resource, key.name), () => api.delete(resource, key, preconditions)),
    },
    http: {
      send: (request, options) => around(effectOfRequest(request), () => http.send(request, options)),
    },
    journal: {
      append: (entry) => aroundSync(effectOfAppend(entry), () => journal.append(entry)),
      settle: (id) => aroundSync('journal-settle', () => journal.settle(id)),
      unsettled: journal.unsettled,
    },
  };
}

function createReach(file: string) {
  let text: string | undefined;
  let met = 0;
  return (effect: Effect | undefined, moment: 'before' | 'after'): void => {
    const now = read(file);
    if (effect === undefined || now === undefined) {
      return;
    }
    met = now === text ? met : 0;
    text = now;
    const { place, nth, signal } = JSON.parse(now) as Failpoint;
    if (place !== `${effect}:${moment}`) {
      return;
    }
    met += 1;
    if (met === nth) {
      setFailpoint(file, undefined);
      writeSync(process.stdout.fd, `${JSON.stringify({ msg: MET, place, signal })}\n`);
      process.kill(process.pid, signal);
    }
  };
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8') || undefined;
  } catch {
    return undefined;
  }
}
