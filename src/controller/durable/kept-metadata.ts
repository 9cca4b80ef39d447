import type { ObjectMeta } from '../../api/kubernetes.ts';
import { defined } from '../../oauth/objects.ts';

/** What others may have put on an object that the operator replaces whole: each write sends it back. */
export type KeptMetadata = Pick<ObjectMeta, 'labels' | 'annotations' | 'finalizers' | 'ownerReferences'>;

export const keptMetadata = ({
  labels,
  annotations,
  finalizers,
  ownerReferences,
}: ObjectMeta): KeptMetadata => defined({ labels, annotations, finalizers, ownerReferences });
