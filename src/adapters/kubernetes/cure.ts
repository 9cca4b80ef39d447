/**
 * What a person does about an answer of the API server that may last, as a sentence for the log and the probes;
 * `undefined` where the API server's own words suffice.
 *
 * @param status of the answer; 0: there was none
 */
export function cureOf(status: number): string | undefined {
  if (status === 403) {
    return "Give the operator's account the verbs of ClusterRole oauth-registrar again: kubectl apply -k deploy, or helm upgrade.";
  }
  return status === 0
    ? 'If this lasts, let the network and its policies permit the operator to call the API server: networkPolicy.apiServer.cidrs of the chart.'
    : undefined;
}
