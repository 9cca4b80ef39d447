import { desired, object, observation } from '../../../kit/fixtures/observations.ts';
import { stalls, table } from '../../../kit/fixtures/plans.ts';

const marked = (secret: object) =>
  observation({
    object: object({ desired: desired({ secret: { name: 'storefront-oauth', ...secret } }) }),
    reservedSecretMetadata: ['argocd.argoproj.io/secret-type', 'replicator.v1.mittwald.de/'],
  });
const reserved = (name: string) =>
  stalls(
    'InvalidSpec',
    `spec.secret asks for ${name}, which has a meaning to another controller and is reserved by the platform team; remove it.`,
  );

table('L10: labels and annotations that the platform team reserves', [
  [
    'are refused by their name',
    marked({ labels: { 'argocd.argoproj.io/secret-type': 'cluster' } }),
    reserved('argocd.argoproj.io/secret-type'),
  ],
  [
    'are refused by their prefix',
    marked({ annotations: { 'replicator.v1.mittwald.de/replicate-to': '.*' } }),
    reserved('replicator.v1.mittwald.de/replicate-to'),
  ],
  [
    'are no others',
    marked({ annotations: { 'argocd.argoproj.io/sync-options': 'Prune=false' } }),
    { type: 'Publish', record: 'oac-uid-1-a1', secret: 'storefront-oauth' },
  ],
]);
