/** Forwarded identities against a real server: from a trusted address, and from another one. */
import { mkdtempSync, rmSync } from "node:fs";
import { connect as connectHttp2 } from "node:http2";
import { connect as connectSocket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it, onTestFinished } from "vitest";
import { startServer, useServer } from "../support/in-process.js";
import { callRaw, connectRaw, framed } from "../support/raw-call.js";

const PATH = "/ate.dispatcher.v1.IntrospectionService/ListTopics";
const MALFORMED = framed(Buffer.from([0xff]));
const HEADERS = { "x-forwarded-client-cert": "By=spiffe://test/proxy;URI=spiffe://test/orders" };
/** The proxy has an address of its own, as attackers have. */
const PROXY = "127.0.0.2";
const STRANGER = "127.0.0.3";
const folder = mkdtempSync(join(tmpdir(), "ate-forwarded-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const server = useServer({ authForwardedFrom: [PROXY], authForwardedLoopback: true });

describe("a forwarded identity", () => {
  it("counts from the proxy alone", async () => {
    const [proxy, stranger] = [connectRaw(server.address, PROXY), connectRaw(server.address, STRANGER)];

    expect((await callRaw(proxy, PATH, MALFORMED, HEADERS)).refused?.code).toBe("INVALID_ARGUMENT");
    expect((await callRaw(proxy, PATH, MALFORMED)).refused?.code).toBe("UNAUTHENTICATED");
    expect((await callRaw(stranger, PATH, MALFORMED, HEADERS)).refused?.code).toBe("UNAUTHENTICATED");
  });

  it.each([
    [
      "a forged element is the last",
      { "x-forwarded-client-cert": `${HEADERS["x-forwarded-client-cert"]},URI=x` },
    ],
    [
      "the last element has no URI",
      { "x-forwarded-client-cert": `${HEADERS["x-forwarded-client-cert"]},By=a` },
    ],
    ["it comes with a token that nobody verifies", { ...HEADERS, authorization: "Bearer x" }],
    ["it is in another header", { "l5d-client-id": "orders" }],
  ])("does not count if %s", async (_, headers) => {
    const proxy = connectRaw(server.address, PROXY);

    expect((await callRaw(proxy, PATH, MALFORMED, headers)).refused?.code).toBe("UNAUTHENTICATED");
  });

  it("counts over a Unix socket if all of them are trusted, and not over TCP", async () => {
    const path = join(folder, "dispatcher.sock");
    const { dispatcher } = await startServer({
      authForwardedFrom: ["unix:"],
      listen: [`unix:${path}`, "127.0.0.1:0"],
    });
    const local = connectHttp2("http://localhost", { createConnection: () => connectSocket(path) });
    onTestFinished(() => local.destroy());
    const [, tcp = ""] = dispatcher.addresses;

    expect((await callRaw(local, PATH, MALFORMED, HEADERS)).refused?.code).toBe("INVALID_ARGUMENT");
    expect((await callRaw(connectRaw(tcp), PATH, MALFORMED, HEADERS)).refused?.code).toBe("UNAUTHENTICATED");
  });

  it("does not count by default from loopback", async () => {
    await expect(startServer({ authForwardedFrom: ["127.0.0.0/8"] })).rejects.toThrow(
      "set authForwardedLoopback: true in a pod",
    );
    await expect(startServer({ authForwardedFrom: ["spiffe://test/proxy"] })).rejects.toThrow(
      "set tlsClientAuth",
    );
    await expect(startServer({ authForwardedFrom: ["10.0.0.0/33"] })).rejects.toThrow(
      "use CIDRs, unix: or ids of certificates",
    );
  });
});
