import { describe, expect, it } from "vitest";
import { isLoopback, parseAddress } from "./address.js";

describe("an address", () => {
  it.each([
    ["127.0.0.1:50051", "127.0.0.1", 50_051],
    ["localhost:0", "localhost", 0],
    ["[::1]:80", "::1", 80],
    ["[fe80::1%eth0]:80", "fe80::1%eth0", 80],
    ["dispatcher.example.org:443", "dispatcher.example.org", 443],
  ])("%s is parsed", (text, host, port) => {
    expect(parseAddress(text)).toEqual({ host, port });
  });

  it.each([
    "",
    "50051",
    ":50051",
    "localhost",
    "localhost:",
    "localhost:65536",
    "::1:80",
    "a b:1",
    "http://a:1",
  ])("%j is rejected", (text) => {
    expect(parseAddress(text)).toBeUndefined();
  });

  it.each([
    ["127.0.0.1", true],
    ["127.8.9.1", true],
    ["::1", true],
    ["::ffff:127.0.0.1", true],
    ["localhost", true],
    ["0.0.0.0", false],
    ["::", false],
    ["10.0.0.1", false],
    ["127.example.org", false],
  ])("with host %s is loopback: %s", (host, expected) => {
    expect(isLoopback({ host, port: 1 })).toBe(expected);
  });
});
