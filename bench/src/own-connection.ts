/**
 * Channel options that give a participant its own TCP connection. By default grpc-js shares one connection among all
 * channels of a process to the same address.
 */
export const OWN_CONNECTION = { "grpc.use_local_subchannel_pool": 1 } as const;
