import { asSentence } from '../../oauth/text.ts';

/** What the probes and status say of the watches. Pure. */

/** A watch as it is now. Times are in milliseconds. */
export interface WatchView {
  /** Since its last event, bookmark or list. */
  readonly silentMs: number;
  /** Whether its first list was read. */
  readonly isSynced: boolean;
  /** What the API server said when it last refused a list or a watch, if nothing came since. */
  readonly refused: WatchRefusal | undefined;
}

interface WatchRefusal {
  readonly agoMs: number;
  /** The API server's words. */
  readonly message: string;
  /** What a person does about it, as a sentence. */
  readonly cure: string | undefined;
}

export type WatchViews = ReadonlyMap<string, WatchView>;

/** A watch without an event for so long counts as broken: bookmarks come about once a minute. */
const DEAF_AFTER_MS = 300_000;
/** A refusal is repeated at least every 30 s. */
const BLIND_AFTER_MS = 60_000;

/**
 * For `/livez`: a watch that is open and silent, or that does not try any more. What the API server refuses is refused to
 * the next process, too, which then could not even start.
 */
export function whatRestartCures(views: WatchViews): string | undefined {
  const deaf = [...views].find(
    ([, { silentMs, refused }]) => Math.min(silentMs, refused?.agoMs ?? silentMs) > DEAF_AFTER_MS,
  );
  return deaf && `The watch of ${deaf[0]} has been silent for more than five minutes`;
}

/** For `/readyz`: which watches are missing, and why. */
export function whatIsMissing(views: WatchViews): string | undefined {
  const missing = [...views].filter(([, view]) => !view.isSynced || isBlind(view));
  return missing.length === 0
    ? undefined
    : missing
        .map(([name, view]) => (view.isSynced ? refusedWatch(name, view) : unread(name, view)))
        .join(' ');
}

const isBlind = ({ silentMs, refused }: WatchView): boolean =>
  refused !== undefined && silentMs > BLIND_AFTER_MS;

const unread = (name: string, { refused }: WatchView): string =>
  `The first list of ${name} is not read yet${refused === undefined ? '.' : `: ${refusalText(refused)}`}`;

const refusedWatch = (name: string, { refused }: WatchView): string =>
  `The watch of ${name} is refused: ${refused === undefined ? '' : refusalText(refused)}`;

const refusalText = ({ message, cure }: WatchRefusal): string =>
  [asSentence(message), cure].filter((words) => words !== undefined).join(' ');

/** Watches of Secrets that belong to tenants; one broken Secret of anybody may end them. */
const OF_SECRETS = /^(?:credentials|workloadsecrets)\b/;

/** What the API server says when it refuses the watch of tenants' Secrets; `undefined`: it does not. */
export function whySecretsAreUnwatched(views: WatchViews): string | undefined {
  const blind = [...views].find(([name, view]) => OF_SECRETS.test(name) && isBlind(view));
  return blind?.[1].refused?.message;
}
