import { describe, expect, it } from "vitest";
import { peerOf, whoIs } from "./peer.js";

describe("the peer of a connection", () => {
  it.each([
    ["10.1.2.3:1", "10.1.2.3"],
    ["10.1.2.3", "10.1.2.3"],
    ["127.0.0.2:50123", "127.0.0.2"],
    ["::ffff:10.1.2.3:443", "10.1.2.3"],
    ["::FFFF:10.1.2.3:443", "10.1.2.3"],
    ["[::ffff:10.1.2.3]:443", "10.1.2.3"],
    ["[::ffff:a01:203]:443", "10.1.2.3"],
    ["[0:0:0:0:0:ffff:10.1.2.3]:443", "10.1.2.3"],
  ])("from %s is the IPv4 address, without its port", (text, key) => {
    expect(peerOf(text)).toEqual({ kind: "address", key });
  });

  it.each([
    ["2001:DB8::1:50123", "2001:db8:0:0::/64"],
    ["2001:db8:0:0:0:0:0:1:50123", "2001:db8:0:0::/64"],
    ["2001:db8::ffff:1:2:3:50123", "2001:db8:0:0::/64"],
    ["[2001:db8:0001:0020:aaaa:bbbb:cccc:dddd]:443", "2001:db8:1:20::/64"],
    ["[2001:db8::1.2.3.4]:443", "2001:db8:0:0::/64"],
    ["fe80::1%eth0:50123", "fe80:0:0:0::/64"],
    ["[fe80::2%eth1]:50123", "fe80:0:0:0::/64"],
    ["[::2]:1", "0:0:0:0::/64"],
  ])("from %s is the IPv6 network, without zone and port", (text, key) => {
    expect(peerOf(text)).toEqual({ kind: "network", key });
  });

  it.each([
    "127.0.0.1:50123",
    "127.0.0.1:50124",
    "::ffff:127.0.0.1:50123",
    "::1:50123",
    "[::1]:50123",
    "0:0:0:0:0:0:0:1:50123",
    "unix:1",
    "unix:2",
  ])("from %s is the connection", (text) => {
    expect(peerOf(text)).toEqual({ kind: "connection", key: text });
  });

  it("is the connection of a proxy that is trusted, of whatever family", () => {
    const asked: string[] = [];
    const isProxy = (address: string) => asked.push(address) > 0;
    for (const text of ["10.1.2.3:1", "::ffff:10.1.2.3:2", "[fd00::1%eth0]:3", "127.0.0.1:4"]) {
      expect(peerOf(text, isProxy)).toEqual({ kind: "proxy", key: text });
    }
    expect(asked).toEqual(["10.1.2.3", "10.1.2.3", "fd00::1", "127.0.0.1"]);
  });

  it.each(["", "unknown", "/tmp/socket", "localhost:1", ":", "1.2.3.4.5:6", "1:2:3:4", "x".repeat(100_000)])(
    "that has no IP address is the connection (%#)",
    (text) => {
      expect(peerOf(text)).toEqual({ kind: "connection", key: text });
    },
  );

  it("is named by what it is", () => {
    const texts = ["10.1.2.3:1", "[2001:db8::1]:1", "127.0.0.1:1"];
    expect(texts.map((text) => whoIs(peerOf(text)))).toEqual([
      "this address",
      "this network",
      "this connection",
    ]);
  });
});
