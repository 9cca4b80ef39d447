import { MAX_CLIENT_ID_LENGTH, MOST_ANSWER_MEMBERS } from '../oauth/client-information.ts';
import type { Share } from './share-row.ts';

/** The part of the table of shares that is about registration Secrets: how many, how long, and what is in them. */
export const RECORD_SHARES = {
  endedRecords: {
    what: 'Clients without an OAuthClient at servers of the namespace: kept, still to be removed, or left behind',
    most: 50,
    unit: 'records',
    per: 'namespace',
    reported: '`NamespaceShareReached`; nothing more is registered at a server of the namespace',
  },
  endedRecordsAtClusterServers: {
    what: 'The same, at cluster servers',
    most: 1_000,
    unit: 'records',
    per: 'namespace',
    reported: '`NamespaceShareReached`; nothing more is registered at a cluster server',
  },
  serverRecords: {
    what: "AuthorizationServers with clients of which a certificate, CA, proxy or management credential is kept in the operator's namespace",
    most: 40,
    unit: 'Secrets',
    per: 'namespace',
    reported: '`NamespaceShareReached`; nothing is registered at a further one',
  },
  leftBehindDays: {
    what: 'Time for which a record is kept after its namespace is gone, if its client was left behind at a server of the namespace',
    most: 7,
    unit: 'days',
    per: 'client',
    reported: 'a line in the log',
  },
  keptValueBytes: {
    what: 'Value of one member of an answer; a longer one is kept only if it is the value that was sent',
    most: 4_096,
    unit: 'bytes',
    per: 'member',
    reported: 'nothing: the member is missing in the Secret',
  },
  keptAnswerBytes: {
    what: 'Members that are kept of an answer: those of `secret.include` first, those that were sent, those of specifications, others',
    most: 32_768,
    unit: 'bytes',
    per: 'client',
    reported: 'nothing: the member is missing in the Secret',
  },
  answerMembers: {
    what: 'Members of an answer, in its order; credentials, identifiers and times are read wherever they are',
    most: MOST_ANSWER_MEMBERS,
    unit: 'members',
    per: 'answer',
    reported: 'nothing: the member is missing in the Secret',
  },
  clientIdLength: {
    what: 'Client identifier; an answer with a longer one counts as an answer without',
    most: MAX_CLIENT_ID_LENGTH,
    unit: 'characters',
    per: 'client',
    reported: '`ResponseNotJSON`',
  },
  clientSecretBytes: {
    what: 'Client secret that is kept; a client with a longer one is removed again',
    most: 16_384,
    unit: 'bytes',
    per: 'client',
    reported: '`ResponseTooLarge`',
  },
  registrationAccessTokenBytes: {
    what: 'Registration access token that is kept; no longer one is sent in a header',
    most: 16_384,
    unit: 'bytes',
    per: 'client',
    reported: '`ResponseTooLarge`',
  },
  registrationClientUriBytes: {
    what: 'Management address that is kept',
    most: 8_192,
    unit: 'bytes',
    per: 'client',
    reported: '`ResponseTooLarge`',
  },
} as const satisfies Readonly<Record<string, Share>>;
