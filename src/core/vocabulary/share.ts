/**
 * The share of one peer in a bound of all peers. It shrinks as others take more, so newcomers always find room.
 *
 * A peer may take more while it then has at most `peerShare` times what is left. With a `peerShare` of 1 a peer that is
 * alone gets a half, two peers get a third each, and three a quarter. Nobody has to be counted, and nothing changes for a
 * peer when another one only connects.
 */

/** A smaller bound is not divided: a share of a few entries would refuse a peer that is alone. */
const MIN_DIVIDED_LIMIT = 100;

/**
 * What one peer may have of a bound now; at least 1, and infinity for a bound that is not divided.
 *
 * @param peerShare - how many times what is left a peer may have; 0 divides nothing.
 * @param limit - the bound of all peers.
 * @param total - what all peers have of it.
 */
export function shareOf(peerShare: number, limit: number, total: number): number {
  if (peerShare === 0 || limit < MIN_DIVIDED_LIMIT) return Number.POSITIVE_INFINITY;
  return Math.max(1, peerShare * (limit - total));
}

/** What one peer may have of a bound while no other peer has anything of it. */
export function shareAlone(peerShare: number, limit: number): number {
  return peerShare === 0 ? limit : (limit * peerShare) / (1 + peerShare);
}
