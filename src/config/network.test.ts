import { describe, expect, it } from "vitest";
import { trustedProxies } from "../grpc/transport/trusted-proxies.js";
import { isNetwork } from "./network.js";

describe("a network", () => {
  it.each([
    "10.0.0.0/8",
    "192.168.1.7",
    "0.0.0.0/0",
    "10.0.0.1/32",
    "fd00::/8",
    "::1",
    "::/0",
    "fd00::1/128",
  ])("is %s", (text) => {
    expect(isNetwork(text)).toBe(true);
    expect(() => trustedProxies([text])).not.toThrow();
  });

  it.each([
    "",
    "10.0.0.0/33",
    "10.0.0.0/-1",
    "10.0.0.0/",
    "10.0.0.0/8/8",
    "10.0.0/8",
    "fd00::/129",
    "fe80::1%eth0",
    "proxy.internal",
    "10.0.0.1:50051",
    "10.0.0.0/1e1",
  ])("is not %j", (text) => {
    expect(isNetwork(text)).toBe(false);
  });

  it("has the addresses within its prefix, and no others", () => {
    const isProxy = trustedProxies(["10.1.0.0/16", "192.168.1.7", "fd00:1::/32"]);
    const inside = ["10.1.0.0", "10.1.255.255", "192.168.1.7", "fd00:1::5"];
    const outside = ["10.2.0.0", "192.168.1.8", "fd00:2::5", "127.0.0.1", "::1"];
    expect(inside.filter(isProxy)).toEqual(inside);
    expect(outside.filter(isProxy)).toEqual([]);
  });
});
