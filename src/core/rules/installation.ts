import { asSentence } from '../../oauth/text.ts';
import { isOfOtherCluster } from '../installation.ts';
import { continueInstallation } from '../kubectl-command.ts';
import { managingInstallation } from '../managing-installation.ts';
import { NEWER_VERSION } from '../newer-version.ts';
import type { DesiredClient, Observation } from '../observation.ts';
import { gone, stall } from './idle.ts';
import type { Rule } from './rule.ts';

/** Rules about who manages a client: what another installation or a newer version manages is not touched. */

export const managedElsewhere: Rule<Observation> = {
  finding: 'ManagedElsewhere',
  found: 'The ledger, the object or a record names another installation.',
  follows: 'Nothing is sent. Of a copy from another cluster that is being deleted, the finalizer is removed.',
  decide: (o) => {
    const { object, installation } = o;
    const other = managingInstallation(o);
    if (other === undefined) {
      return undefined;
    }
    if (object === undefined) {
      return gone();
    }
    const isCopy = isOfOtherCluster(other, installation);
    if (isCopy && object.deleting && object.hasFinalizer) {
      const message = `The object is being deleted, and was copied from another cluster, whose installation "${other}" has the client.`;
      return { type: 'RemoveFinalizer', message, object, managedBy: other };
    }
    const what = `Installation "${other}" registered this client, and this one is "${installation.id}". Nothing is sent for it.`;
    return stall(
      'ManagedElsewhere',
      isCopy
        ? `${what} If the other cluster is gone, or its operator is stopped, a platform engineer lets this one go on: ${continueInstallation(other)}`
        : what,
    );
  },
};

export const writtenByNewerVersion: Rule<Observation> = {
  finding: 'WrittenByNewerVersion',
  found: 'A newer version of the operator wrote a record, an entry of the ledger or a value of the spec.',
  follows: 'Nothing is sent or changed, also for an object that is being deleted.',
  decide: ({ object, newer }) => {
    const isOfSpec = object?.desired.valid === false && object.desired.reason === 'WrittenByNewerVersion';
    if (newer === undefined && !isOfSpec) {
      return undefined;
    }
    if (object === undefined) {
      return gone();
    }
    const what = newer === undefined ? specProblem(object.desired) : `${newer} is not readable.`;
    return stall('WrittenByNewerVersion', `${what} ${NEWER_VERSION}`);
  },
};

const specProblem = (desired: DesiredClient): string => (desired.valid ? '' : asSentence(desired.problem));

/** After a move to this cluster, or an upgrade from a version whose ids lack the cluster. */
export const installationRenamed: Rule<Observation> = {
  finding: 'InstallationRenamed',
  found: 'A record names this installation by an earlier id.',
  follows: 'The record gets the present id.',
  decide: ({ records, installation }) => {
    const record = records.find(({ installation: id }) => id !== installation.id);
    return (
      record && {
        type: 'Claim',
        message: `Registration Secret ${record.registrationSecret} names this installation by an earlier id, "${record.installation}".`,
        record,
        installation: installation.id,
      }
    );
  },
};
