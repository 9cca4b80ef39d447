/** Where Node's defaults for outgoing connections do not fit an operator. For authorization servers, proxies and the API server. */

/**
 * A host with several addresses: they are tried in the order of the resolver, one after the other (RFC 8305), each for
 * 2.5 s, the last one for the time that is left. Node's 250 ms end the attempt before a distant server has answered, or
 * before the first lost packet is sent again (after 1 s).
 */
export const ADDRESS_ATTEMPTS = {
  autoSelectFamily: true,
  autoSelectFamilyAttemptTimeout: 2_500,
} as const;

/**
 * A certificate of the CA bundle is trusted as it is, also an intermediate or the server's own, as Go and curl do. Node
 * by default wants the root above it in the bundle.
 */
export const TRUST = { allowPartialTrustChain: true } as const;
