import { BlockList, isIPv6 } from "node:net";
import type { IsProxy } from "../../core/vocabulary/peer.js";

/** @param networks - IP addresses, or networks as `address/prefix`, that the configuration has checked. */
export function trustedProxies(networks: readonly string[]): IsProxy {
  const list = new BlockList();
  for (const network of networks) {
    const [address = "", prefix] = network.split("/");
    const family = isIPv6(address) ? "ipv6" : "ipv4";
    if (prefix === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(prefix), family);
  }
  return (address) => list.check(address, isIPv6(address) ? "ipv6" : "ipv4");
}
