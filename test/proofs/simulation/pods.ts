import type { Sensitive } from '../../../src/oauth/sensitive.ts';
import type { Restore } from './scheduler.ts';
import { keptMap } from './snapshot.ts';

/** A container's memory-backed volume survives its processes, and ends with the pod. */
export interface Pod {
  readonly name: string;
  readonly journal: Map<string, Sensitive>;
}

const REPLICAS = 2;

/** The operator's pods, as many as the Deployment has replicas, each with its journal. */
export class Pods {
  /** The pod of the next process, if possible. */
  preferred: Pod | undefined;
  #last: Pod | undefined;
  #made = 0;
  #pods: readonly Pod[] = [];

  /** The pod for the next process; mostly another one than before. */
  next(isTaken: (pod: Pod) => boolean, random: () => number): Pod {
    while (this.#pods.length < REPLICAS) {
      this.#make();
    }
    const free = this.#pods.filter((pod) => !isTaken(pod));
    const preferred = free.find((one) => one === this.preferred);
    const others = free.filter((one) => one !== this.#last);
    const some = others.length > 0 && random() < 0.7 ? others : free;
    this.#last = preferred ?? some[Math.floor(random() * some.length)] ?? this.#make();
    return this.#last;
  }

  /** Ends the pod, and its journal with it. */
  remove(pod: Pod): void {
    this.#pods = this.#pods.filter((other) => other !== pod);
  }

  /** Number of answers in journals that no process has replayed yet. */
  get unsettled(): number {
    return this.#pods.reduce((sum, { journal }) => sum + journal.size, 0);
  }

  save(): Restore {
    const [preferred, last, made, pods] = [this.preferred, this.#last, this.#made, this.#pods];
    const journals = pods.map(({ journal }) => keptMap(journal));
    return () => {
      [this.preferred, this.#last, this.#made, this.#pods] = [preferred, last, made, pods];
      for (const restore of journals) {
        restore();
      }
    };
  }

  #make(): Pod {
    this.#made += 1;
    const pod = { name: `pod-${this.#made}`, journal: new Map<string, Sensitive>() };
    this.#pods = [...this.#pods, pod];
    return pod;
  }
}
