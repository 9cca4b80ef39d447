import type { Action, Decision } from '../action.ts';
import { type Reachable, type Registered, reachable } from '../narrowed.ts';

/**
 * One finding about a client, and what follows from it.
 *
 * @typeParam Given what the rule relies on
 * @typeParam Result without `undefined`: the rule always decides, and ends its chain
 */
export interface Rule<Given, Result extends Action | undefined = Action | undefined> {
  /** The rule's unique name, in CamelCase, for the log, a dry run and the reference page. */
  readonly finding: string;
  /** What is found, for the reference page. */
  readonly found: string;
  /** What follows, for the reference page. */
  readonly follows: string;
  /** `undefined` where nothing of the kind is found. */
  readonly decide: (given: Given) => Result;
}

/** The decision of the first rule that finds something. */
export function first<Given>(rules: readonly Rule<Given>[], given: Given): Decision | undefined {
  for (const { finding, decide } of rules) {
    const action = decide(given);
    if (action !== undefined) {
      return { ...action, finding };
    }
  }
  return undefined;
}

/** The decision of a rule that always decides. */
export const follow = <Given>({ finding, decide }: Rule<Given, Action>, given: Given): Decision => ({
  ...decide(given),
  finding,
});

/** Adapts a rule about clients whose server can be called to a chain about all clients. */
export const whereReachable = ({ decide, ...rule }: Rule<Reachable>): Rule<Registered> => ({
  ...rule,
  decide: (o) => {
    const narrowed = reachable(o);
    return narrowed && decide(narrowed);
  },
});
