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
      'OAuthClient: the client is registered as the spec says, and its Secret shows that registration. Server object: its endpoints are known and its credentials can be read.',
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
    of: ['AuthorizationServer', 'ClusterAuthorizationServer'],
    shown: 'WhileTrue',
    meaning: 'Calls to the server are held back, by a person or because of the state of the server.',
  },
  Reconciling: {
    of: ['OAuthClient', 'AuthorizationServer', 'ClusterAuthorizationServer'],
    shown: 'WhileTrue',
    meaning: 'The object is not ready, and the operator goes on by itself.',
  },
  Stalled: {
    of: ['OAuthClient', 'AuthorizationServer', 'ClusterAuthorizationServer'],
    shown: 'WhileTrue',
    meaning: 'The object is not ready, and a person must act first.',
  },
} as const satisfies Readonly<Record<string, ConditionTypeFacts>>;

export type ConditionType = keyof typeof CONDITION_TYPES;

export interface ConditionTypeFacts {
  readonly of: readonly ('OAuthClient' | 'AuthorizationServer' | 'ClusterAuthorizationServer')[];
  readonly shown: 'Always' | 'WhileTrue';
  /** What True means. */
  readonly meaning: string;
}
