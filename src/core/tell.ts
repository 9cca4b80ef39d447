import type { ServerKind } from '../api/authorization-server.ts';
import { describeError, type ErrorResponse, isErrorCode } from '../oauth/error-response.ts';
import type { HttpNoAnswer, HttpNotSent, HttpRequest, NotSentReason } from '../oauth/http-message.ts';
import { defined, omit } from '../oauth/objects.ts';
import { cut } from '../oauth/text.ts';
import { clientViewerOf, type Fact, maySee, objectViewerOf, type Viewer } from './viewers.ts';

/** Describes what happened to a call, for each viewer; see {@link MAY_SEE}. */

/** Describes one event with what the viewer may see. */
export type Telling = (viewer: Viewer) => string;

/** Who reads about a failure: in the client's object, and in the server object. */
export interface Viewers {
  readonly client: Viewer;
  readonly object: Viewer;
}

export const viewersOf = (kind: ServerKind): Viewers => ({
  client: clientViewerOf(kind),
  object: objectViewerOf(kind),
});

/** Facts for the messages about a call that failed. */
export interface Told {
  readonly viewers: Viewers;
  /** The call itself, shown in the server object's status and in the log; see also {@link wordsOf}. */
  readonly call?: Pick<HttpRequest, 'method' | 'url'> | undefined;
}

/** `message` is for those who read the client's object, `detail` for those who read the server object. */
export interface Words {
  readonly message: string;
  readonly detail?: string;
}

/**
 * The messages about one event.
 *
 * @param isAddressInDoubt names the call in both messages, each time if the viewer may see it; else in `detail` alone
 */
export function wordsOf(telling: Telling, { viewers, call }: Told, isAddressInDoubt = false): Words {
  const message = withCall(telling(viewers.client), isAddressInDoubt ? tellCall(call)(viewers.client) : '');
  const detail = withCall(telling(viewers.object), tellCall(call)(viewers.object));
  return detail === message ? { message } : { message, detail };
}

/** Changes each message for its viewer. */
export function reworded<F extends Words>(
  words: F,
  become: (text: string, viewer: Viewer) => string,
  { viewers }: Pick<Told, 'viewers'>,
): F {
  const message = become(words.message, viewers.client);
  const detail = become(words.detail ?? words.message, viewers.object);
  return { ...omit(words, 'detail'), message, ...(detail === message ? {} : { detail }) } as F;
}

const METADATA_ERRORS = [
  'invalid_redirect_uri',
  'invalid_client_metadata',
  'invalid_software_statement',
  'unapproved_software_statement',
];

/** The fact that the server's words belong to. */
const factOfWords = ({ status, error = '' }: ErrorResponse): Fact =>
  (status === 400 || status < 300) && METADATA_ERRORS.includes(error) ? 'MetadataWords' : 'OtherWords';

/** `The server answered 400 invalid_redirect_uri: <its words>`, or without them. */
export function tellAnswer(who: string, said: ErrorResponse, words: Fact = factOfWords(said)): Telling {
  return (viewer) => {
    if (maySee(viewer, words)) {
      return `${who} answered ${describeError(said)}`;
    }
    const shown = codeOnly(said, viewer);
    const isMore = said.description !== undefined || shown.error !== said.error;
    return `${who} answered ${describeError(shown)}${isMore ? '; its words are for the platform team' : ''}`;
  };
}

function codeOnly({ status, error, body }: ErrorResponse, viewer: Viewer): ErrorResponse {
  const isShown = error !== undefined && isErrorCode(error) && maySee(viewer, 'ErrorCode');
  return defined({ status, error: isShown ? error : undefined, body });
}

/** Why nothing was sent. */
export function tellNotSent({ reason, detail, isOwn, why = detail }: HttpNotSent): Telling {
  return (viewer) => {
    if (maySee(viewer, 'AddressRefusal') && maySee(viewer, 'PlatformProxy')) {
      return why;
    }
    return maySee(viewer, 'Connection') ? detail : isOwn ? NOT_WRITTEN : NOT_SENT[reason];
  };
}

const NOT_WRITTEN = 'The document of the client could not be written';

const NOT_SENT: Readonly<Record<NotSentReason, string>> = {
  AddressRefused: "The server's address isn't permitted here",
  NameNotResolved: "The server's name could not be resolved",
  ConnectFailed: 'There was no connection to the server',
  TlsVerificationFailed: 'The TLS connection to the server was refused: a certificate was not accepted',
  Unsendable: 'No request could be built',
};

/** Why no complete answer was read. */
export function tellNoAnswer({ reason, detail }: HttpNoAnswer): Telling {
  const what = reason === 'Timeout' ? 'No answer in time' : 'No complete answer';
  return (viewer) => (maySee(viewer, 'Connection') ? `${what}: ${detail}` : what);
}

/** The message about a key of the server object for viewers who don't manage that object. */
export const KEY_UNUSABLE = "A key of the server object can't be used";

/** The text for viewers who may see the fact; `otherwise` for all others. */
export const tellOnly =
  (fact: Fact, text: string, otherwise = ''): Telling =>
  (viewer) =>
    maySee(viewer, fact) ? text : otherwise;

/** The words of a server may end as a sentence does; what follows goes before that end. */
const withCall = (text: string, call: string): string =>
  call === '' ? text : text.replace(/\.$/, '') + call;

const MAX_ADDRESS = 200;

/** ` (POST https://as.example/register)`, without a query. */
function tellCall(call: Told['call']): Telling {
  const url = call === undefined ? null : URL.parse(call.url);
  const address = url === null ? '' : cut(`${url.origin}${url.pathname}`, MAX_ADDRESS);
  return tellOnly('Call', url === null ? '' : ` (${call?.method} ${address})`);
}
