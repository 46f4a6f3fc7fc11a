/**
 * Parses network addresses: `host:port`, with an IPv6 host in brackets.
 */

/** An address to listen on or to connect to. */
export interface Address {
  /** A host name or an IP address, without brackets. */
  readonly host: string;
  /** 0 to 65,535. */
  readonly port: number;
}

/** The form of an address, for error messages. */
export const ADDRESS_FORM = "host:port, such as 127.0.0.1:50051, [::1]:50051 or 0.0.0.0:50051";

const FORM = /^(?:\[([0-9A-Fa-f:.]+(?:%[A-Za-z0-9._-]+)?)\]|([A-Za-z0-9._-]+)):(\d{1,5})$/;

/** Parses `host:port`. @returns undefined if it is malformed, the host is missing, or the port is above 65,535. */
export function parseAddress(text: string): Address | undefined {
  const match = FORM.exec(text);
  const port = Number(match?.[3]);
  const host = match?.[1] ?? match?.[2];
  return host === undefined || !(port <= 65_535) ? undefined : { host, port };
}

/** Whether only programs on the same machine can reach the address. False for every name except localhost. */
export function isLoopback({ host }: Address): boolean {
  return host === "localhost" || host === "::1" || /^(?:::ffff:)?127(?:\.\d{1,3}){3}$/i.test(host);
}
