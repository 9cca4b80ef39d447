import type { ObservedClient } from './observation.ts';

/** Whether a person asked by annotation for a try, and status doesn't say yet that it was handled. */
export const isReconcileRequested = ({
  reconcileRequestedAt,
  status,
}: Partial<Pick<ObservedClient, 'reconcileRequestedAt' | 'status'>> = {}): boolean =>
  reconcileRequestedAt !== undefined && reconcileRequestedAt !== status?.lastHandledReconcileAt;
