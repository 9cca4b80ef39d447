import type { HealthCall, ServerHealth } from '../../core/server-health.ts';

/**
 * Which of those who wait for a server look again when a call to it has ended: all, where it is well again; those who
 * would call at once, where it is in trouble, or where it was found out whether it accepts the credential; the next one,
 * where that is still to be found out by one at a time.
 */
export function wokenBy(
  before: ServerHealth,
  after: ServerHealth,
  { kind, version }: HealthCall,
): 'All' | 'Ready' | 'One' | 'Nobody' {
  const isRegistration = kind === 'Register';
  // It has found out nothing about its credential: another has to.
  const isFirst = after.acceptedVersion !== version && after.refusedAdmission?.version !== version;
  if (before.phase !== 'Open' && after.phase === 'Open') {
    return 'All';
  }
  const isInTrouble = !isForAll(before) && isForAll(after);
  if (isInTrouble || (isRegistration && (isFoundOut(before, after) || isFirst))) {
    return 'Ready';
  }
  const isScoped = after.phase !== 'Open' && after.metBy !== undefined && after.metBy !== 'All';
  return isScoped || (isRegistration && after.refusedAdmission?.decided === false) ? 'One' : 'Nobody';
}

const isForAll = ({ phase, metBy }: ServerHealth): boolean =>
  phase !== 'Open' && (metBy === undefined || metBy === 'All');

function isFoundOut(before: ServerHealth, after: ServerHealth): boolean {
  const [was, is] = [before.refusedAdmission, after.refusedAdmission];
  const isDoubted = is?.decided === false;
  return (
    !isDoubted &&
    (before.acceptedVersion !== after.acceptedVersion ||
      was?.version !== is?.version ||
      was?.decided !== is?.decided)
  );
}
