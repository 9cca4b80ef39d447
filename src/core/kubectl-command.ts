import { ANNOTATIONS, LABELS } from '../api/names.ts';

/** The `kubectl` commands that messages recommend. All of them are built here, so that they have one form. */

interface NamedObject {
  readonly namespace: string;
  readonly name: string;
}

/** Stands for what the operator doesn't know, or what a person has to decide. */
const OPERATOR_NAMESPACE = '<namespace of the operator>';
const SERVER_UID = '<uid of the server object>';

/** The shell fills in the time: another value than before is another request. */
const THIS_TIME = '$(date +%s)';

/** Requests a new client to replace the one that the OAuthClient has. */
export const requestRotation = (client: NamedObject): string =>
  `${annotateClient(client, ANNOTATIONS.rotateRequestedAt, THIS_TIME)} --overwrite`;

/** Requests a retry of what failed. */
export const requestReconcile = (client: NamedObject): string =>
  `${annotateClient(client, ANNOTATIONS.reconcileRequestedAt, THIS_TIME)} --overwrite`;

/** Lets a deleted OAuthClient disappear though its client may exist at the server. */
export const abandonClient = (client: NamedObject, uid: string): string =>
  annotateClient(client, ANNOTATIONS.abandon, uid);

const annotateClient = ({ namespace, name }: NamedObject, annotation: string, value: string): string =>
  `kubectl annotate oac ${name} -n ${namespace} ${annotation}=${value}`;

/**
 * Confirms that the namespace belongs to the tenant for which the client was registered. Run in the operator's
 * namespace.
 */
export const acceptNamespace = (registrationSecret: string, namespaceUid: string): string =>
  `kubectl annotate secret ${registrationSecret} ${ANNOTATIONS.namespaceUid}=${namespaceUid} --overwrite`;

/** Says at which server object the client of a registration Secret is registered. */
export const acceptServer = (registrationSecret: string): string =>
  `kubectl -n ${OPERATOR_NAMESPACE} annotate secret ${registrationSecret} ${ANNOTATIONS.serverUid}=${SERVER_UID} --overwrite`;

/** Lets this installation manage what another one registered. */
export const continueInstallation = (id: string): string =>
  `kubectl annotate namespace ${OPERATOR_NAMESPACE} ${ANNOTATIONS.continues}=${id}`;

/** Lists the registration Secrets of a namespace whose objects are gone. */
export const listEndedRecords = (namespace: string): string =>
  `kubectl get secrets -A -l ${LABELS.clientNamespace}=${namespace},${LABELS.role}!=current`;

/** Permits the operator to read and send a Secret. */
export const labelCredential = ({ namespace, name }: NamedObject): string =>
  `kubectl -n ${namespace} label secret ${name} ${LABELS.credential}=true`;
