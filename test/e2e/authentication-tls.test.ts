/** Credentials over real TLS: client certificates, tokens, and both. */
import { createHash, X509Certificate } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type ClientHttp2Session, connect as connectHttp2 } from "node:http2";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it, onTestFinished } from "vitest";
import type { DispatcherOptions } from "../../src/compose.js";
import { type Certificate, CertificateAuthority } from "../support/certificates.js";
import { startServer } from "../support/in-process.js";
import { AUDIENCE, createIssuer, ISSUER, keySetOf } from "../support/jwt-issuer.js";
import { callRaw, framed } from "../support/raw-call.js";
import { writeTokenFile } from "../support/token-file.js";

const authority = new CertificateAuthority();
const stranger = new CertificateAuthority();
const folder = mkdtempSync(join(tmpdir(), "ate-auth-tls-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const issuer = await createIssuer();
const authJwtJwksFile = join(folder, "keys.json");
writeFileSync(authJwtJwksFile, keySetOf(issuer));
const tokens = writeTokenFile([{ token: "secret", id: "orders" }]);
afterAll(tokens.remove);

const server = authority.issue();
const orders = authority.issue({ san: "URI:spiffe://test/orders" });
const quotes = authority.issue({ san: "URI:spiffe://test/quotes" });
const FILES = {
  tlsCertFile: server.certFile,
  tlsKeyFile: server.keyFile,
  tlsClientCaFile: authority.certFile,
};

/** Serves until the test is over. */
async function secureServer(options: DispatcherOptions): Promise<string> {
  return (await startServer({ ...FILES, ...options })).address;
}

/** Connects over TLS until the test is over. */
function connectSecure(address: string, { cert, key }: Partial<Certificate> = {}): ClientHttp2Session {
  const identity = cert && key ? { cert, key } : {};
  const session = connectHttp2(`https://${address}`, { ca: authority.cert, ...identity });
  session.on("error", () => undefined);
  onTestFinished(() => session.destroy());
  return session;
}

/** The code with which a call ends whose message is malformed: INVALID_ARGUMENT if its caller is known. */
async function codeOf(session: ClientHttp2Session, token?: string): Promise<string | undefined> {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const path = "/ate.dispatcher.v1.IntrospectionService/ListTopics";
  return (await callRaw(session, path, framed(Buffer.from([0xff])), headers)).refused?.code;
}

const KNOWN = "INVALID_ARGUMENT";
const REFUSED = "UNAUTHENTICATED";

describe.each(["request", "require"] as const)("with tlsClientAuth: %s", (tlsClientAuth) => {
  it("a certificate is a credential for all calls of its connection", async () => {
    const session = connectSecure(await secureServer({ tlsClientAuth }), orders);

    for (let i = 0; i < 3; i++) expect(await codeOf(session)).toBe(KNOWN);
  });

  it("a token that comes with it must be valid, too", async () => {
    const session = connectSecure(await secureServer({ tlsClientAuth, authTokensFile: tokens.path }), orders);

    expect(await codeOf(session, "secret")).toBe(KNOWN);
    expect(await codeOf(session, "wrong")).toBe(REFUSED);
    expect(await codeOf(session)).toBe(KNOWN);
  });

  it.each([
    ["two URIs", authority.issue({ san: "URI:spiffe://test/a,URI:spiffe://test/b" })],
    ["no name", authority.issue({ san: "" })],
    ["a name for everybody", authority.issue({ san: "URI:*" })],
  ])("a certificate with %s names nobody, even with a valid token", async (_, certificate) => {
    const address = await secureServer({ tlsClientAuth, authTokensFile: tokens.path });
    const session = connectSecure(address, certificate);

    expect(await codeOf(session)).toBe(REFUSED);
    expect(await codeOf(session, "secret")).toBe(REFUSED);
  });

  it("a token that is bound to a certificate needs that one", async () => {
    const { raw } = new X509Certificate(orders.cert);
    const thumbprint = createHash("sha256").update(raw).digest("base64url");
    const token = await issuer.token(Math.floor(Date.now() / 1_000), {
      claims: { cnf: { "x5t#S256": thumbprint } },
    });
    const claims = { authJwtJwksFile, authJwtIssuer: ISSUER, authJwtAudience: AUDIENCE };
    const address = await secureServer({ tlsClientAuth, ...claims });

    expect(await codeOf(connectSecure(address, orders), token)).toBe(KNOWN);
    expect(await codeOf(connectSecure(address, quotes), token)).toBe(REFUSED);
    // What was remembered of the token is not a way around that.
    expect(await codeOf(connectSecure(address, quotes), token)).toBe(REFUSED);
    if (tlsClientAuth === "request") expect(await codeOf(connectSecure(address), token)).toBe(REFUSED);
  });
});

describe("with tlsClientAuth: request, a certificate that is not verified", () => {
  it.each([
    ["of another authority", stranger.issue({ san: "URI:spiffe://test/orders" })],
    ["that has expired", authority.issue({ san: "URI:spiffe://test/orders", days: -1 })],
  ])("%s is UNAUTHENTICATED, even with a valid token", async (_, certificate) => {
    const address = await secureServer({ tlsClientAuth: "request", authTokensFile: tokens.path });
    const session = connectSecure(address, certificate);

    expect(await codeOf(session)).toBe(REFUSED);
    expect(await codeOf(session, "secret")).toBe(REFUSED);
    // Without it, the token counts.
    expect(await codeOf(connectSecure(address), "secret")).toBe(KNOWN);
    expect(await codeOf(connectSecure(address))).toBe(REFUSED);
  });

  it("that is revoked is UNAUTHENTICATED", async () => {
    const revoked = authority.issue({ san: "URI:spiffe://test/orders" });
    const tlsClientCrlFile = authority.revoke([revoked]);
    const address = await secureServer({ tlsClientAuth: "request", tlsClientCrlFile });

    expect(await codeOf(connectSecure(address, revoked))).toBe(REFUSED);
    expect(await codeOf(connectSecure(address, quotes))).toBe(KNOWN);
  });
});

describe("with tlsClientAuth: none", () => {
  it("tokens count over TLS, and certificates are not asked for", async () => {
    const { tlsCertFile, tlsKeyFile } = FILES;
    const { address } = await startServer({ tlsCertFile, tlsKeyFile, authTokensFile: tokens.path });

    expect(await codeOf(connectSecure(address), "secret")).toBe(KNOWN);
    expect(await codeOf(connectSecure(address, orders))).toBe(REFUSED);
  });
});

describe("a plaintext address beside a secure one", () => {
  it("needs credentials as well", async () => {
    const { dispatcher } = await startServer({
      ...FILES,
      tlsClientAuth: "require",
      listen: ["tls:127.0.0.1:0", "plain:127.0.0.1:0"],
    });
    const [secure = "", plain = ""] = dispatcher.addresses;
    const session = connectHttp2(`http://${plain}`);
    onTestFinished(() => session.destroy());

    expect(await codeOf(connectSecure(secure, orders))).toBe(KNOWN);
    expect(await codeOf(session)).toBe(REFUSED);
  });
});
