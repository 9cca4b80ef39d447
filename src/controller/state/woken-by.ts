import type { HealthCall, ServerHealth } from '../../core/server-health.ts';

/**
 * Which waiting clients to wake when a call to their server ends: all of them if the server has recovered; the ready ones
 * if it is in trouble, or if this call showed whether it accepts the credential; the next one while that is still tested
 * one call at a time.
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
