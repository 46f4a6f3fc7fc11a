import { describe, expect, it } from "vitest";
import { peerKey } from "./peer.js";

describe("the key of a peer", () => {
  it.each([
    ["127.0.0.1:50123", "127.0.0.1"],
    ["10.1.2.3:1", "10.1.2.3"],
    ["10.1.2.3", "10.1.2.3"],
    ["::ffff:10.1.2.3:443", "10.1.2.3"],
    ["::FFFF:10.1.2.3:443", "10.1.2.3"],
    ["::1:50123", "::1"],
    ["[::1]:50123", "::1"],
    ["[::1]", "::1"],
    ["2001:DB8::1:50123", "2001:db8::1"],
    ["2001:db8:0:0:0:0:0:1:50123", "2001:db8:0:0:0:0:0:1"],
    ["fe80::1%eth0:50123", "fe80::1%eth0"],
  ])("of %s is the address without its port", (text, key) => {
    expect(peerKey(text)).toBe(key);
  });

  it("is the same for every port of an address", () => {
    expect(new Set(["::1:1", "::1:65535", "[::1]:7"].map(peerKey)).size).toBe(1);
  });

  it.each([
    "",
    "unknown",
    "/tmp/socket",
    "unix:/tmp/socket",
    "localhost:1",
    ":",
    "1.2.3.4.5:6",
    "x".repeat(100_000),
  ])("of a connection without an IP address is unix (%#)", (text) => {
    expect(peerKey(text)).toBe("unix");
  });
});
