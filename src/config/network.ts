/**
 * Reads networks: an IP address, or one with the length of a prefix.
 */
import { isIP } from "node:net";

/** The form of a network, for error messages. */
export const NETWORK_FORM = "IP addresses or CIDRs, such as 10.0.0.0/8, 192.168.1.7 or fd00::/8";

const PREFIX = /^\d{1,3}$/;

/** Whether a text is an IP address, or a network as `address/prefix`. */
export function isNetwork(text: string): boolean {
  const [address = "", prefix, ...rest] = text.split("/");
  const family = isIP(address);
  if (family === 0 || address.includes("%") || rest.length > 0) return false;
  return prefix === undefined || (PREFIX.test(prefix) && Number(prefix) <= (family === 4 ? 32 : 128));
}
