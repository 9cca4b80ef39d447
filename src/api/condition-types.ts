/**
 * Types of the conditions in status, in the sense of kstatus: a type that is shown only while it is True is absent
 * otherwise, never False. They are stable: people wait for them with `kubectl wait`. The reference page is made from
 * this table.
 */
export const CONDITION_TYPES = {
  Ready: {
    of: ['OAuthClient', 'AuthorizationServer', 'ClusterAuthorizationServer'],
    shown: 'Always',
    meaning:
      'OAuthClient: workloads can use the Secret, which shows the registration. It stays True while an edit waits (Reconciling), an edit is refused (Stalled) or the object is suspended (Paused). Server object: its endpoints are known, its credentials can be read, and it neither refuses them nor fails to answer.',
  },
  Registered: {
    of: ['OAuthClient'],
    shown: 'Always',
    meaning: 'The server has a client for this object.',
  },
  SecretSynced: {
    of: ['OAuthClient'],
    shown: 'Always',
    meaning: 'The Secret that workloads mount shows the current registration.',
  },
  AdmissionAccepted: {
    of: ['AuthorizationServer', 'ClusterAuthorizationServer'],
    shown: 'Always',
    meaning:
      'The server accepted a registration. Unknown before the first one; False when the server refuses the credential that admits to its registration endpoint.',
  },
  Paused: {
    of: ['OAuthClient', 'AuthorizationServer', 'ClusterAuthorizationServer'],
    shown: 'WhileTrue',
    meaning:
      'OAuthClient: a person suspended it or its server object, so what waits is not sent. Server object: calls to the server are held back, by a person or because of the state of the server.',
  },
  Reconciling: {
    of: ['OAuthClient', 'AuthorizationServer', 'ClusterAuthorizationServer'],
    shown: 'WhileTrue',
    meaning: 'The object is not as its spec wants it, and the operator goes on by itself.',
  },
  Stalled: {
    of: ['OAuthClient', 'AuthorizationServer', 'ClusterAuthorizationServer'],
    shown: 'WhileTrue',
    meaning: 'The object is not as its spec wants it, and a person must act first.',
  },
  DocumentServed: {
    of: ['OAuthClient'],
    shown: 'WhereAsked',
    meaning:
      'The client is identified by a document, which was fetched through its public URL as it is to be served. Absent for clients that are registered.',
  },
  MetadataNotOffered: {
    of: ['OAuthClient'],
    shown: 'WhileTrue',
    meaning:
      'The discovery document of the server excludes a value that the client asks for, or that the server registered. A warning alone, since documents are wrong at times: the client is registered all the same.',
  },
  Verified: {
    of: ['OAuthClient'],
    shown: 'WhereAsked',
    meaning:
      'The server accepted the credential that the Secret shows. False: it refuses it, or does not know the client. Unknown: not tried yet, or the answer does not show it. Shown where verification.mode of the server object is Report or Gate.',
  },
  Migrating: {
    of: ['OAuthClient', 'AuthorizationServer', 'ClusterAuthorizationServer'],
    shown: 'WhileTrue',
    meaning:
      'Server object: its clients move to another one, or can not (MigrationRefused). OAuthClient: it moves, has moved and its former client still exists, or can not move (MigrationRefused). It takes nothing from Ready.',
  },
  SecretsUnwatched: {
    of: ['AuthorizationServer', 'ClusterAuthorizationServer'],
    shown: 'WhileTrue',
    meaning:
      'The API server refuses the operator the watch of Secrets of tenants, such as where one of them can not be decrypted. Changes of Secrets are not seen; all else goes on.',
  },
} as const satisfies Readonly<Record<string, ConditionTypeFacts>>;

export type ConditionType = keyof typeof CONDITION_TYPES;

export interface ConditionTypeFacts {
  readonly of: readonly ('OAuthClient' | 'AuthorizationServer' | 'ClusterAuthorizationServer')[];
  /** `WhereAsked`: for clients of a server object that asks for it. */
  readonly shown: 'Always' | 'WhileTrue' | 'WhereAsked';
  /** What True means. */
  readonly meaning: string;
}
