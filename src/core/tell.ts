import type { ServerKind } from '../api/authorization-server.ts';
import { describeError, type ErrorResponse, isErrorCode } from '../oauth/error-response.ts';
import type { HttpNoAnswer, HttpNotSent, HttpRequest, NotSentReason } from '../oauth/http-message.ts';
import { omit } from '../oauth/objects.ts';
import { cut } from '../oauth/text.ts';
import { clientViewerOf, type Fact, maySee, objectViewerOf, type Viewer } from './viewers.ts';

/** What happened to a call, in the words of each viewer; see {@link MAY_SEE}. */

/** The same event, as a viewer may be told of it. */
export type Telling = (viewer: Viewer) => string;

/** Who is told of a failure: by the client's object, and by the server object. */
export interface Viewers {
  readonly client: Viewer;
  readonly object: Viewer;
}

export const viewersOf = (kind: ServerKind): Viewers => ({
  client: clientViewerOf(kind),
  object: objectViewerOf(kind),
});

/** What is known of a call that failed, for the words about it. */
export interface Told {
  readonly viewers: Viewers;
  /** The call itself: told with the server object and in the log. */
  readonly call?: Pick<HttpRequest, 'method' | 'url'> | undefined;
}

/** `message` is for those who read the client's object, `detail` for those who read the server object. */
export interface Words {
  readonly message: string;
  readonly detail?: string;
}

/** The sentences about one event. */
export function wordsOf(telling: Telling, { viewers, call }: Told): Words {
  const message = telling(viewers.client);
  const detail = telling(viewers.object) + tellCall(call)(viewers.object);
  return detail === message ? { message } : { message, detail };
}

/** The same sentences, each as it becomes for its viewer. */
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

/** Of what the server's words are. */
const factOfWords = ({ status, error = '' }: ErrorResponse): Fact =>
  status === 400 && METADATA_ERRORS.includes(error) ? 'MetadataWords' : 'OtherWords';

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

function codeOnly({ status, error }: ErrorResponse, viewer: Viewer): ErrorResponse {
  const isShown = error !== undefined && isErrorCode(error) && maySee(viewer, 'ErrorCode');
  return isShown ? { status, error } : { status };
}

/** Why nothing was sent. */
export function tellNotSent({ reason, detail, why = detail }: HttpNotSent): Telling {
  return (viewer) => {
    if (maySee(viewer, 'AddressRefusal') && maySee(viewer, 'PlatformProxy')) {
      return why;
    }
    return maySee(viewer, 'Connection') ? detail : NOT_SENT[reason];
  };
}

const NOT_SENT: Readonly<Record<NotSentReason, string>> = {
  AddressRefused: "The server's address isn't permitted here",
  NameNotResolved: "The server's name could not be resolved",
  ConnectFailed: 'There was no connection to the server',
  TlsVerificationFailed: 'The TLS connection to the server was refused: a certificate was not accepted',
  Unsendable: 'No request could be made of it',
};

/** Why no complete answer was read. */
export function tellNoAnswer({ reason, detail }: HttpNoAnswer): Telling {
  const what = reason === 'Timeout' ? 'No answer in time' : 'No complete answer';
  return (viewer) => (maySee(viewer, 'Connection') ? `${what}: ${detail}` : what);
}

/** Of a key of the server object, to those who don't look after it. */
export const KEY_UNUSABLE = "A key of the server object can't be used";

/** What only those may read who see this fact. */
export const tellOnly =
  (fact: Fact, text: string, otherwise = ''): Telling =>
  (viewer) =>
    maySee(viewer, fact) ? text : otherwise;

const MAX_ADDRESS = 200;

/** ` (POST https://as.example/register)`, without a query. */
function tellCall(call: Told['call']): Telling {
  const url = call === undefined ? null : URL.parse(call.url);
  const address = url === null ? '' : cut(`${url.origin}${url.pathname}`, MAX_ADDRESS);
  return tellOnly('Call', url === null ? '' : ` (${call?.method} ${address})`);
}
