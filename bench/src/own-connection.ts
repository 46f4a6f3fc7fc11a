/**
 * Channel options with which a participant has a TCP connection of its own: grpc-js otherwise lets all channels of a
 * process to one address share one.
 */
export const OWN_CONNECTION = { "grpc.use_local_subchannel_pool": 1 } as const;
