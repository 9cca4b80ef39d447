import { namesOf } from '../oauth/objects.ts';

/**
 * The ways in which servers depart from the RFCs, one row each. The type {@link Dialect}, the schema of
 * `spec.dialectOverrides`, the values of a server that keeps to the RFCs, and the hash of what shapes a document all
 * come from this table.
 */
interface Switch {
  /** The form of the value, from which its schema is made. */
  readonly kind: string;
  /** What the RFCs say. */
  readonly default: unknown;
  /** For people: what the switch decides. */
  readonly words: string;
  /**
   * Whether the documents to send depend on it. Only then does a change make the operator compare the document of every
   * client of the server with the one that was sent.
   */
  readonly shapesDocuments: boolean;
}

/** What a call does to the credentials besides its purpose. */
export interface CallEffect {
  readonly supported: boolean;
  readonly token: 'None' | 'Rotates';
  readonly secret: 'None' | 'Rotates';
}

/** How long things live, as durations, where the server doesn't say or is wrong. Each one caps what an answer says. */
interface Lifetimes {
  readonly registrationAccessToken?: string | undefined;
  readonly clientSecret?: string | undefined;
  readonly client?: string | undefined;
}

/** One of a few values; the first is the RFCs' behaviour. */
const choice = <const Values extends readonly [string, ...string[]]>(values: Values) => ({
  kind: 'choice' as const,
  values,
  default: values[0] as Values[number],
});

const NO_TEXTS: readonly string[] = [];
/** At most `most` texts of at most `longest` characters. */
const texts = (most: number, longest: number, value = NO_TEXTS) =>
  ({ kind: 'texts', most, longest, default: value }) as const;
/** HTTP status codes. */
const statuses = (...value: readonly number[]) => ({ kind: 'statuses', default: value }) as const;

const plain: CallEffect = { supported: true, token: 'None', secret: 'None' };
const effect = { kind: 'effect', default: plain } as const;
/** Effect of a call after which no credentials are left. */
const support = { kind: 'support', default: { supported: true as boolean } } as const;

const shaping = (words: string) => ({ words, shapesDocuments: true }) as const;
const handling = (words: string) => ({ words, shapesDocuments: false }) as const;

export const SWITCHES = {
  scopeEncoding: {
    ...choice(['String', 'Array', 'Both']),
    ...shaping('How scope is sent: as one string, as a list under scopes, or both.'),
  },
  jwksEncoding: {
    ...choice(['Object', 'String']),
    ...shaping('How jwks is sent: as an object, or as JSON text within a string.'),
  },
  basicEncoding: {
    ...choice(['Encoded', 'Raw']),
    ...handling(
      'Whether client_id and secret of client_secret_basic are form-encoded first (RFC 6749 section 2.3.1).',
    ),
  },
  languageTags: {
    ...choice(['Send', 'Lowercase', 'Omit']),
    ...shaping('How members with a language tag are sent, like client_name#ja.'),
  },
  membersNotSent: {
    ...texts(64, 256),
    ...shaping(
      'Members that the server refuses or loses, by wire name, like `[software_id]`. They are not sent, and are reported in status.substitutions.',
    ),
  },
  scopesNotSent: {
    ...texts(64, 256),
    ...shaping(
      'Scopes that the server refuses, like `[openid]`. They are not sent, and are reported in status.substitutions.',
    ),
  },
  membersNotUpdated: {
    ...texts(64, 256),
    ...handling(
      'Members that the server takes in a registration and refuses in an update, by wire name, like `[subject_type]`. An update leaves them out.',
    ),
  },
  scopesNotUpdated: {
    ...texts(64, 256),
    ...handling(
      'Scopes that the server takes in a registration and refuses in an update, like `[openid]`. An update leaves them out.',
    ),
  },
  updateBody: {
    ...choice(['Declared', 'Returned']),
    ...shaping(
      'What an update carries: the declared members only, or these together with what the server answered last.',
    ),
  },
  clearBy: {
    ...choice(['Omit', 'Null', 'Empty']),
    ...shaping(
      'How an update clears a member that was declared before and is no more. Omit: it is left out. Null: null is sent. Empty: an empty value is sent.',
    ),
  },
  secretEcho: {
    ...choice(['Omit', 'Send']),
    ...handling('Whether an update repeats client_secret.'),
  },
  readEffect: { ...effect, ...handling('What a read does to the credentials.') },
  updateEffect: { ...effect, ...handling('What an update does to the credentials.') },
  secretOnRead: {
    ...choice(['Ignore', 'Trust']),
    ...handling(
      'Whether a client_secret in the answer to a read is the secret of the client; some servers answer it hashed.',
    ),
  },
  deleteEffect: { ...support, ...handling('Whether the server can delete a client (RFC 7592 section 2.3).') },
  goneStatuses: {
    ...statuses(401, 404),
    ...handling('HTTP statuses that the server answers for a client that was deleted, like `[404]`.'),
  },
  notCreatedStatuses: {
    ...statuses(501, 503),
    ...handling(
      'HTTP statuses of an answer to POST, like `[503]`, that prove that no client was created, besides every 4xx but 408.',
    ),
  },
  tokenRefusals: {
    ...texts(32, 128, ['access_denied', 'invalid_token', 'insufficient_scope', 'invalid_client']),
    ...handling(
      'Errors of a 400 or 403, like `[invalid_token]`, that refuse the token, not the metadata. A 401 always does.',
    ),
  },
  /** Set by `spec.management.configurationUrl`. */
  configurationUrl: {
    kind: 'address',
    default: 'AsReturned' as string,
    ...handling("Where a client is managed, if the answer doesn't say: AsReturned, or a template."),
  },
  lifetimes: {
    kind: 'lifetimes',
    default: {} as Lifetimes,
    ...handling('How long things live. Each given one caps what the server says.'),
  },
  registrationInterval: {
    kind: 'interval',
    default: '0s' as string,
    ...handling('Least time between two registrations, 0s to 1h, like 2s.'),
  },
} as const satisfies Readonly<Record<string, Switch>>;

export const SWITCH_NAMES = namesOf(SWITCHES);
