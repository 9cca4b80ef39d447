/** What is found about one part of a server object. */
export interface ServerFinding {
  readonly part:
    | 'Spec'
    | 'Status'
    | 'Discovery'
    | 'Credentials'
    | 'Admission'
    | 'Management'
    | 'Migration'
    | 'Quirks'
    | 'Namespaces';
  /** `Bad` needs a person; `Unseen` could not be checked with the caller's rights or from this machine. */
  readonly verdict: 'Good' | 'Bad' | 'Unseen' | 'Note';
  /** A sentence. */
  readonly text: string;
  /** Of the table of reasons. */
  readonly reason?: string;
}
