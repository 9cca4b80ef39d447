import type { PolicySpec } from '../api/policy-schema.ts';
import type { ClientCodec } from '../dialects/codec.ts';
import type { Dialect, Hint } from '../dialects/dialect.ts';
import type { ClientMetadata } from '../oauth/client-metadata.ts';
import type { Endpoints } from '../oauth/discovery.ts';
import type { Transport } from '../oauth/http-message.ts';
import type { JsonObject } from '../oauth/json.ts';
import type { OfferedValues } from '../oauth/offered-values.ts';
import type { Sensitive } from '../oauth/sensitive.ts';
import type { SigningKey } from '../oauth/signing-key.ts';

/** Everything needed to register and manage clients at a server: the spec with every credential resolved. */
export interface ServerConnection {
  /** uid of the server object. */
  readonly uid: string;
  readonly issuer: string;
  /** `spec.issuer`; the server may publish another one (`discovery.acceptedIssuer`). */
  readonly configuredIssuer: string;
  readonly registrationEndpoint: string;
  /** Where the operator itself obtains tokens; `undefined` where none is known. */
  readonly tokenEndpoint: string | undefined;
  /** The endpoints that workload Secrets show. */
  readonly endpoints: Endpoints;
  /** Why endpoints of the discovery document aren't among them, in a sentence. */
  readonly unusedEndpoints?: string | undefined;
  /** The values that the discovery document offers to clients; `undefined`: not known. */
  readonly offered?: OfferedValues | undefined;
  readonly admission: Admission;
  readonly management: ManagementTerms;
  readonly statement: StatementTerms;
  readonly signedRequest: SignedRequestTerms | undefined;
  readonly dialect: Dialect;
  /** Absent: clients are written as the metadata of RFC 7591. */
  readonly codec?: ClientCodec | undefined;
  /** Absent: clients without a secret are not offered. */
  readonly workloadIdentity?: WorkloadIdentityTerms | undefined;
  readonly hint: Hint | undefined;
  readonly defaults: ClientMetadata;
  /** `undefined`: anything may be registered. */
  readonly policy: Policy | undefined;
  /** Whom tenants ask; `spec.contact`. */
  readonly contact: string | undefined;
  readonly attemptMarker: string | undefined;
  readonly recovery: RecoveryTerms;
  readonly drift: DriftTerms;
  readonly verification: VerificationTerms;
  /** Origins that a registration access token may go to, besides that of the registration endpoint. */
  readonly allowedOrigins: readonly string[];
  readonly timeoutMs: number;
  /** Calls under way at one time. */
  readonly maxInFlight: number;
  readonly transport: Transport | undefined;
  /** Clients are identified by documents (CIMD) instead of being registered. Absent: they are registered. */
  readonly documents?: DocumentTerms | undefined;
  /** Changes with everything that shapes the documents of clients. */
  readonly shape: string;
  /** Changes with the server's spec, endpoints and credentials: a call that failed terminally may then succeed. */
  readonly version: string;
}

export type Admission = { readonly kind: 'Open' } | Credential;

export type Credential =
  | { readonly kind: 'Token'; readonly scheme: 'Bearer' | 'SSWS'; readonly token: Sensitive }
  | { readonly kind: 'Basic'; readonly username: string; readonly password: Sensitive }
  | ClientCredentials;

/** The operator authenticates by a token that the cluster issues for an account without any right (RFC 7523). */
export interface ServiceAccountAssertion {
  readonly method: 'ServiceAccountToken';
  /** `spec.issuer`. */
  readonly issuer: string;
  /** Of the token. */
  readonly audience: string;
  /** `spec.endpoints.token`: the one endpoint at another origin than the issuer's that may get the token. */
  readonly givenEndpoint: string | undefined;
}

/** An access token is obtained by client credentials (RFC 6749 section 4.4). */
export interface ClientCredentials {
  readonly kind: 'ClientCredentials';
  /** Empty: the assertion names the client, with `ServiceAccountToken` alone. */
  readonly clientId: string;
  readonly authentication:
    | { readonly method: 'client_secret_basic' | 'client_secret_post'; readonly clientSecret: Sensitive }
    | {
        readonly method: 'client_secret_jwt' | 'private_key_jwt';
        readonly key: SigningKey;
        readonly audience: 'Issuer' | 'TokenEndpoint';
      }
    | { readonly method: 'tls_client_auth' | 'self_signed_tls_client_auth' }
    | ServiceAccountAssertion;
  readonly scopes: readonly string[];
  readonly resources: readonly string[];
  readonly parameters: Readonly<Record<string, string>>;
  readonly reuse: 'Never' | 'UntilRefused';
  /** It is the credential of one client, which manages itself with it: a failure shows little about the server. Default: false. */
  readonly isOwn?: true;
}

export interface ManagementTerms {
  readonly mode: 'Auto' | 'RegistrationAccessToken' | 'Credential' | 'ClientCredential' | 'None';
  /** Manages every client that this installation registered. */
  readonly credential: Credential | undefined;
  /** `AsReturned`, or a template with `{client_id}`. */
  readonly configurationUrl: string;
  /** Whether the server object sets it, rather than the dialect. */
  readonly isExplicit: boolean;
}

/** The software statement that registrations carry (RFC 7591 section 2.3). */
export interface StatementTerms {
  readonly given: { readonly jwt: Sensitive; readonly claims: JsonObject } | undefined;
  readonly sign: SignTerms | undefined;
  readonly fromClient: 'Deny' | 'Allow' | 'Require';
}

export interface SignTerms {
  readonly key: SigningKey;
  readonly issuer: string;
  readonly subject: string | undefined;
  readonly audience: string | undefined;
  readonly lifetimeSeconds: number;
  readonly claims: JsonObject;
  /** Claim to wire name of the member that is copied. */
  readonly claimsFromClient: Readonly<Record<string, string>>;
  readonly encryption: EncryptionTerms | undefined;
}

interface EncryptionTerms {
  readonly key: Sensitive;
  readonly format: SigningKey['format'];
  readonly algorithm: string;
  readonly encoding: string;
  readonly keyId: string | undefined;
}

export interface SignedRequestTerms {
  readonly key: SigningKey;
  readonly issuer: string | undefined;
  readonly audience: string;
  readonly lifetimeSeconds: number;
  readonly contentType: string;
}

/** What a server object offers to clients that authenticate by what is issued for their workload. */
export interface WorkloadIdentityTerms {
  /** Name of the trust that the server keeps for the cluster. */
  readonly identityProvider: string | undefined;
  /** Of the tokens that the workloads send. */
  readonly audience: string;
  /** Whether the ServiceAccount `default`, which every Pod without another one has, may be named. */
  readonly permitsDefaultAccount: boolean;
  /** Whether clients of several namespaces are registered by the server object. */
  readonly isShared: boolean;
}

/** How calls whose answers were lost are handled. */
interface RecoveryTerms {
  readonly interrupted: 'Reregister' | 'Hold';
  readonly tokenLost: 'Hold' | 'Reregister';
  readonly clientGone: 'Hold' | 'Reregister';
  readonly cooldownMs: number;
  readonly maxAttempts: number;
  /** Clients that may be registered for one object within an hour. */
  readonly maxRegistrationsPerHour: number;
}

/** How the documents of clients are served. */
export interface DocumentTerms {
  /** Without a problem; see `baseUrlProblem`. */
  readonly baseUrl: string;
  /** Seconds that servers may keep a copy. */
  readonly maxAge: number;
  /** Whether the server is made to fetch a document, by an authorization request that nobody answers. */
  readonly primes: boolean;
  /** How a document ends: `Withdraw` revokes at servers that keep what they fetched. */
  readonly revoke: 'Withdraw' | 'Gone';
}

/** How a deletion that the server doesn't confirm is handled. */
export interface DeletionTerms {
  readonly unconfirmed: 'Release' | 'Hold';
  readonly retryForMs: number;
  /** Whether the policy denies that a client outlives its object. */
  readonly retainDenied: boolean;
}

/** Whether clients are read periodically, to detect drift. */
interface DriftTerms {
  readonly mode: 'Off' | 'Report' | 'Correct';
  readonly intervalMs: number;
  readonly rotatingReads: 'Refuse' | 'Allow';
}

/** Whether the operator finds out that clients can authenticate with what the server gave them. */
export interface VerificationTerms {
  readonly mode: 'Off' | 'Report' | 'Gate';
  /** `undefined`: once for each version of a client's credential. */
  readonly intervalMs: number | undefined;
  /** The token endpoint of clients; `undefined`: none is known. */
  readonly tokenEndpoint: string | undefined;
  /** The token endpoint was discovered at this origin, which is not the issuer's: no credential is sent there. */
  readonly foreignOrigin: string | undefined;
  /** Where tokens are revoked; `undefined`: nowhere that a credential may be sent to. */
  readonly revocationEndpoint: string | undefined;
}

/** Bounds of a cluster server; see the schema. */
export type Policy = Partial<PolicySpec>;
