import { type KubernetesObject, RESOURCES, type Resource } from '../../api/kubernetes.ts';
import { SHARES } from '../../api/shares.ts';
import type { Clock, KubernetesApi } from '../../controller/ports.ts';
import { sha256 } from '../../oauth/sha256.ts';
import { BoundedTurns } from './bounded-turns.ts';
import { RememberedAnswers } from './remembered-answers.ts';

/**
 * Who calls an endpoint of the operator, and what the caller may do: the API server decides both, by TokenReview and
 * SubjectAccessReview, as it does for its own API. The operator needs the right to `create` these two.
 */

/** A user as a TokenReview describes it. */
interface ReviewedUser {
  readonly username: string;
  readonly uid?: string;
  readonly groups?: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

/** Of whom a request is. */
export interface Sender {
  /** The header `Authorization`. */
  readonly authorization: string | undefined;
  /** The remote address of the connection; `undefined`: it is closed. */
  readonly address: string | undefined;
}

/** A caller whose token the API server accepts. */
export interface ReviewedCaller {
  readonly name: string;
  readonly user: ReviewedUser;
  /** Identifies user, groups and extra, which may have an id of the token. */
  readonly key: string;
}

/** What a caller wants to do: with objects of a resource (no namespace means all of them), or with a path. */
export type WantedAccess =
  | {
      readonly verb: 'get' | 'list';
      readonly resource: Pick<Resource, 'group' | 'plural'>;
      readonly namespace?: string;
      readonly name?: string;
    }
  | { readonly verb: 'get'; readonly path: string };

/** Why a request is not served: an HTTP status, and a sentence for its body. */
export interface AccessRefusal {
  readonly status: 401 | 403 | 503;
  readonly message: string;
}

export interface AccessReviews {
  callerOf(sender: Sender): Promise<ReviewedCaller | AccessRefusal>;
  /** Whether the caller may do it; a refusal where the API server does not say so. */
  isAllowed(caller: ReviewedCaller, wanted: WantedAccess): Promise<boolean | AccessRefusal>;
}

export const isAccessRefusal = (answer: object | boolean): answer is AccessRefusal =>
  typeof answer === 'object' && 'status' in answer;

/**
 * Why a request must not be served a path, such as `/metrics`: the caller needs the right `get` of that
 * nonResourceURL. `undefined`: it may be served.
 */
export async function refusalOfPath(
  reviews: AccessReviews,
  sender: Sender,
  path: string,
): Promise<AccessRefusal | undefined> {
  const caller = await reviews.callerOf(sender);
  if (isAccessRefusal(caller)) {
    return caller;
  }
  const allowed = await reviews.isAllowed(caller, { verb: 'get', path });
  if (isAccessRefusal(allowed)) {
    return allowed;
  }
  const message = `${caller.name} has no right to get ${path}: a ClusterRole with nonResourceURLs: [${path}] and verbs: [get] gives it.`;
  return allowed ? undefined : { status: 403, message };
}

const YES_MS = 60_000;
/** A right that is granted has effect after this time. */
const NO_MS = 10_000;

/** For how long an answer is remembered. What the API server did not answer is not remembered. */
function keptMsOf(answer: ReviewedCaller | AccessRefusal | boolean): number {
  const isRefused = isAccessRefusal(answer);
  if (isRefused && answer.status === 503) {
    return 0;
  }
  return isRefused || answer === false ? NO_MS : YES_MS;
}

const NO_TOKEN: AccessRefusal = {
  status: 401,
  message: 'Send a token of the cluster: Authorization: Bearer TOKEN. `kubectl create token NAME` makes one.',
};
const BAD_TOKEN: AccessRefusal = { status: 401, message: 'The API server does not accept the token.' };
const BUSY: AccessRefusal = { status: 503, message: 'Too many requests are being checked: try again.' };

interface TokenReview extends KubernetesObject {
  readonly spec: { readonly token: string };
  readonly status?: { readonly authenticated?: boolean; readonly user?: ReviewedUser };
}

interface SubjectAccessReview extends KubernetesObject {
  readonly spec: object;
  readonly status?: { readonly allowed?: boolean };
}

interface Options {
  readonly api: Pick<KubernetesApi, 'create'>;
  readonly clock: Pick<Clock, 'monotonic'>;
}

/**
 * Reviews that are remembered for a minute, a negative one for ten seconds, by the hash of the token or of the question. Equal
 * reviews that come at the same time share one call. What the API server does not answer is not remembered.
 * Addresses take turns with their TokenReviews, and users with their SubjectAccessReviews, whatever their tokens are.
 */
export function createAccessReviews({ api, clock }: Options): AccessReviews {
  const callers = new RememberedAnswers<ReviewedCaller | AccessRefusal>(clock, keptMsOf);
  const decisions = new RememberedAnswers<boolean | AccessRefusal>(clock, keptMsOf);
  const turns = new BoundedTurns({
    limit: SHARES.accessReviewsSent.most,
    waitingOfCaller: SHARES.accessReviewsOfTurn.most,
    waiting: SHARES.accessReviewsWaiting.most,
  });
  const inTurn = async <T>(turn: string, send: () => Promise<T>): Promise<T | AccessRefusal> =>
    turns.isFull(turn) ? BUSY : turns.inTurn(turn, send);
  return {
    async callerOf({ authorization = '', address = '' }) {
      const [, token] = /^Bearer +([\x21-\x7e]+) *$/i.exec(authorization) ?? [];
      return token === undefined
        ? NO_TOKEN
        : callers.of(token, () => inTurn(`address ${address}`, () => reviewToken(api, token)));
    },
    isAllowed: (caller, wanted) =>
      decisions.of(`${caller.key} ${JSON.stringify(wanted)}`, () =>
        inTurn(`user ${caller.name}`, () => reviewAccess(api, caller, wanted)),
      ),
  };
}

/** Reviews of each port by themselves, so that many requests at one never refuse those at the other. */
export interface ReviewsOfPorts {
  readonly metrics: AccessReviews;
  readonly inventory: AccessReviews;
}

export const createReviewsOfPorts = (options: Options): ReviewsOfPorts => ({
  metrics: createAccessReviews(options),
  inventory: createAccessReviews(options),
});

async function reviewToken(api: Options['api'], token: string): Promise<ReviewedCaller | AccessRefusal> {
  const answer = await api.create<TokenReview>(RESOURCES.tokenReview, {
    metadata: { name: '' },
    spec: { token },
  });
  if (!answer.ok) {
    return unanswered('token', answer);
  }
  const { authenticated, user } = answer.object.status ?? {};
  return authenticated === true && user !== undefined
    ? { name: user.username, user, key: sha256(JSON.stringify(user)) }
    : BAD_TOKEN;
}

async function reviewAccess(
  api: Options['api'],
  { user }: ReviewedCaller,
  wanted: WantedAccess,
): Promise<boolean | AccessRefusal> {
  const { username, uid, groups, extra } = user;
  const answer = await api.create<SubjectAccessReview>(RESOURCES.subjectAccessReview, {
    metadata: { name: '' },
    spec: { user: username, uid, groups, extra, ...attributesOf(wanted) },
  });
  return answer.ok ? answer.object.status?.allowed === true : unanswered('right', answer);
}

function attributesOf(wanted: WantedAccess): object {
  if ('path' in wanted) {
    return { nonResourceAttributes: { path: wanted.path, verb: wanted.verb } };
  }
  const { verb, namespace, name, resource } = wanted;
  return {
    resourceAttributes: { verb, namespace, name, group: resource.group, resource: resource.plural },
  };
}

const unanswered = (
  what: 'token' | 'right',
  { status, message }: { readonly status: number; readonly message: string },
): AccessRefusal => ({
  status: 503,
  message: `The API server does not check the ${what}: ${status === 403 ? 'the operator has no right to ask it. The installation has to give it' : message}.`,
});
