import { describeError, type ErrorResponse, isErrorCode } from '../oauth/error-response.ts';
import type { HttpNoAnswer, HttpNotSent, HttpRequest, NotSentReason } from '../oauth/http-message.ts';
import type { Failure } from './classify.ts';
import { type Fact, maySee, type Viewer } from './viewers.ts';

/** What happened to a call, in the words of each viewer; see {@link MAY_SEE}. */

/** The same event, as a viewer may be told of it. */
export type Telling = (viewer: Viewer) => string;

/** Who is told of a failure: by the client's object, and by the server object. */
export interface Viewers {
  readonly client: Viewer;
  readonly object: Viewer;
}

/** `detail` is there only where it says more than `message`. */
export type Told = Pick<Failure, 'message'> & { readonly detail?: string };

/** A failure's sentence for its client, and beside it the one for the server object where that says more. */
export function toldTo({ client, object }: Viewers, telling: Telling): Told {
  const [message, detail] = [telling(client), telling(object)];
  return message === detail ? { message } : { message, detail };
}

const METADATA_ERRORS = [
  'invalid_redirect_uri',
  'invalid_client_metadata',
  'invalid_software_statement',
  'unapproved_software_statement',
];

/** Of what the server's words are. */
export const factOfWords = ({ status, error = '' }: ErrorResponse): Fact =>
  status === 400 && METADATA_ERRORS.includes(error) ? 'MetadataWords' : 'OtherWords';

/**
 * `<who> answered 400 invalid_redirect_uri: <the server's words>`.
 *
 * @param words which fact the words are. Default: by the answer itself.
 */
export function tellAnswer(who: string, said: ErrorResponse, words: Fact = factOfWords(said)): Telling {
  return (viewer) => {
    const shown = maySee(viewer, words) ? said : codeOnly(said, viewer);
    return `${who} answered ${describeError(shown)}`;
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
export function tellNoAnswer(who: string, { reason, detail }: HttpNoAnswer): Telling {
  const what = reason === 'Timeout' ? `${who} gave no answer in time` : `${who} gave no complete answer`;
  return (viewer) => (maySee(viewer, 'Connection') ? `${what}: ${detail}` : what);
}

const MAX_ADDRESS = 200;

/** ` (POST https://as.example/register)`, without a query; nothing for those who don't see it. */
export function tellCall(call: Pick<HttpRequest, 'method' | 'url'> | undefined): Telling {
  const url = call === undefined ? null : URL.parse(call.url);
  const told = url === null ? '' : ` (${call?.method} ${url.origin}${url.pathname})`;
  return (viewer) => (maySee(viewer, 'Call') && told.length <= MAX_ADDRESS ? told : '');
}
