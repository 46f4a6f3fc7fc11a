import { copyFileSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { connect as connectSocket, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { createClient, credentials, type DispatcherClient } from "ate-dispatcher-client";
import { describe, expect, it, onTestFinished } from "vitest";
import { createDispatcher, type DispatcherOptions } from "../../src/compose.js";
import { type Certificate, CertificateAuthority } from "../support/certificates.js";
import { startServer } from "../support/in-process.js";
import { writePolicy } from "../support/policy-file.js";

const authority = new CertificateAuthority();
const stranger = new CertificateAuthority();

/** The files of a server, which a test may replace. */
function filesOf({ certFile, keyFile }: Certificate): {
  readonly tlsCertFile: string;
  readonly tlsKeyFile: string;
} {
  const folder = mkdtempSync(join(tmpdir(), "tls-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const files = { tlsCertFile: join(folder, "server.crt"), tlsKeyFile: join(folder, "server.key") };
  copyFileSync(certFile, files.tlsCertFile);
  copyFileSync(keyFile, files.tlsKeyFile);
  return files;
}

const replace = (files: ReturnType<typeof filesOf>, { certFile, keyFile }: Certificate): void => {
  copyFileSync(certFile, files.tlsCertFile);
  copyFileSync(keyFile, files.tlsKeyFile);
};

function secureServer(options: DispatcherOptions = {}) {
  const files = filesOf(authority.issue());
  return startServer({ ...files, ...options }).then((served) => ({ ...served, files }));
}

function clientOf(address: string, identity?: Certificate): DispatcherClient {
  const secure = credentials.createSsl(authority.cert, identity?.key ?? null, identity?.cert ?? null);
  const client = createClient({ address, credentials: secure });
  onTestFinished(() => client.close());
  return client;
}

async function ask(client: DispatcherClient): Promise<number> {
  return (await client.introspect.serverInfo({ signal: AbortSignal.timeout(10_000) })).counts.producers;
}

/** Shakes hands. @returns the socket, or why there is none. */
function shakeHands(address: string, options: object = {}): Promise<TLSSocket | string> {
  const port = Number(address.slice(address.lastIndexOf(":") + 1));
  return new Promise((resolve) => {
    const socket = connectTls({
      host: "127.0.0.1",
      port,
      ca: authority.cert,
      ALPNProtocols: ["h2"],
      ...options,
    });
    onTestFinished(() => void socket.destroy());
    socket.on("secureConnect", () => {
      // With TLS 1.3 the server refuses a client only after the client is done.
      socket.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
      socket.on("data", () => resolve(socket));
    });
    socket.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    socket.on("close", () => resolve("closed"));
  });
}

const serialOf = (socket: TLSSocket | string): string =>
  typeof socket === "string" ? socket : socket.getPeerCertificate().serialNumber;

describe("a server with a certificate", () => {
  it("serves calls and streams over TLS, and no plaintext", async () => {
    const { address } = await secureServer();
    const client = clientOf(address);
    client.createProducer({ topics: ["greet"], handler: () => "hello" });
    const results: unknown[] = [];
    for await (const { value } of client.gather("greet", { noProducersAction: "WAIT" })) results.push(value);
    expect(results).toEqual(["hello"]);

    const plain = createClient({ address });
    onTestFinished(() => plain.close());
    await expect(plain.introspect.serverInfo({ signal: AbortSignal.timeout(1_000) })).rejects.toMatchObject({
      code: expect.any(Number),
    });
  });

  it("takes many large messages of one stream: TLS splits their frames, which nobody is blamed for", async () => {
    const { address } = await secureServer({ retainedBytes: 0 });
    const data = Buffer.alloc(1_000_000);
    const [client, other] = [clientOf(address), clientOf(address)];
    const producer = client.createProducer({ topics: ["large"], handler: () => data });
    await producer.ready();
    let count = 0;
    // Far more pieces of frames than useless frames that a connection may send.
    while (count < 60) for await (const _ of other.gather("large", { excludeListeners: true })) count++;

    expect(count).toBe(60);
  });

  it("speaks TLS 1.3 only, also after a reload, unless it may speak 1.2", async () => {
    const { address, dispatcher, files } = await secureServer();
    const old = { maxVersion: "TLSv1.2" };
    expect(await shakeHands(address, old)).toBe("ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION");
    replace(files, authority.issue());
    expect(await dispatcher.reload()).toEqual([{ what: "certificates", result: "replaced" }]);
    expect(await shakeHands(address, old)).toBe("ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION");
    expect(typeof (await shakeHands(address))).toBe("object");

    const lenient = await secureServer({ tlsMinVersion: "1.2" });
    expect(typeof (await shakeHands(lenient.address, old))).toBe("object");
  });

  it("uses a new certificate for new connections, while open streams go on", async () => {
    const { address, dispatcher, files } = await secureServer();
    const client = clientOf(address);
    const results = client.createListener({ topics: ["t"] })[Symbol.asyncIterator]();
    await client.createProducer({ topics: ["t"], handler: () => 1 }).ready();
    const before = serialOf(await shakeHands(address));
    for (let i = 0; i < 5; i++) {
      replace(files, authority.issue());
      expect(await dispatcher.reload()).toMatchObject([{ result: "replaced" }]);
      expect(serialOf(await shakeHands(address))).not.toBe(before);
      await client.dispatch("t");
      expect((await results.next()).value).toMatchObject({ topic: "t", value: 1 });
    }
  });

  it.each<[what: string, files: () => Partial<Certificate>, why: RegExp]>([
    [
      "whose key is another's",
      () => ({ keyFile: authority.issue().keyFile }),
      /tlsKeyFile: .* is not the key of tlsCertFile/,
    ],
    [
      "that has expired",
      () => authority.issue({ days: -1 }),
      /tlsCertFile: .* has a certificate that expired at/,
    ],
    [
      "that is no certificate",
      () => ({ certFile: authority.path("ca.cnf") }),
      /tlsCertFile: .* has no certificate in PEM/,
    ],
    ["whose key is none", () => ({ keyFile: authority.path("ca.cnf") }), /tlsKeyFile: /],
  ])("refuses a set of files %s, and keeps the old one", async (_, files, why) => {
    const served = await secureServer();
    const before = serialOf(await shakeHands(served.address));
    replace(served.files, { ...authority.issue(), ...files() });

    expect(await served.dispatcher.reload()).toEqual([
      { what: "certificates", result: "refused", why: expect.stringMatching(why) },
    ]);
    expect(serialOf(await shakeHands(served.address))).toBe(before);
    expect(() => createDispatcher({ listen: ["127.0.0.1:0"], ...served.files })).toThrow(why);
  });

  it("closes a connection that does not finish its handshake in time", async () => {
    const { address } = await secureServer({ firstMessageTimeoutMs: 100 });
    const socket = connectSocket(Number(address.split(":")[1]), "127.0.0.1");
    await new Promise((resolve) => socket.on("close", resolve).on("error", () => undefined));
    const silent = await shakeHands(address);
    if (typeof silent === "string") throw new Error(silent);
    await new Promise((resolve) => silent.on("close", resolve));
  });
});

describe("client certificates", () => {
  const mutual = (tlsClientAuth: "request" | "require"): Promise<{ readonly address: string }> =>
    secureServer({ tlsClientAuth, tlsClientCaFile: authority.certFile, allowAnonymous: true });

  it("are required if the server says so", async () => {
    const { address } = await mutual("require");
    const { cert, key } = authority.issue({ san: "URI:spiffe://test/client" });
    const { cert: strangeCert, key: strangeKey } = stranger.issue();

    expect(typeof (await shakeHands(address, { cert, key }))).toBe("object");
    expect(await shakeHands(address)).toBe("ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED");
    expect(await shakeHands(address, { cert: strangeCert, key: strangeKey })).toBe("closed");
    const expired = authority.issue({ days: -1 });
    expect(await shakeHands(address, { cert: expired.cert, key: expired.key })).toBe("closed");
  });

  it("may be left out if they are only asked for", async () => {
    const { address } = await mutual("request");

    expect(typeof (await shakeHands(address))).toBe("object");
  });

  it("that are revoked are refused, and a list that has expired is not used", async () => {
    const revoked = authority.issue();
    const [list, old] = [authority.revoke([revoked]), authority.revoke([], -1)];
    const options = { tlsClientAuth: "require", tlsClientCaFile: authority.certFile } as const;
    const { address, files } = await secureServer({ ...options, tlsClientCrlFile: list });

    expect(await shakeHands(address, { cert: revoked.cert, key: revoked.key })).toBe("closed");
    const good = authority.issue();
    expect(typeof (await shakeHands(address, { cert: good.cert, key: good.key }))).toBe("object");
    const policy = writePolicy([]);
    onTestFinished(policy.remove);
    const stale = { ...files, ...options, tlsClientCrlFile: old, policyFile: policy.path };
    expect(() => createDispatcher({ listen: ["127.0.0.1:0"], ...stale })).toThrow(
      /tlsClientCrlFile: .* has a list that has expired/,
    );
  });
});

describe("an address", () => {
  it("says whether it uses TLS, so that one server serves both", async () => {
    const files = filesOf(authority.issue());
    const { dispatcher } = await startServer({ ...files, listen: ["tls:127.0.0.1:0", "plain:127.0.0.1:0"] });
    const [secure = "", plain = ""] = dispatcher.addresses;
    const open = createClient({ address: plain });
    onTestFinished(() => open.close());

    expect(await ask(clientOf(secure))).toBe(0);
    expect(await ask(open)).toBe(0);
  });

  it("may be a Unix socket, which owner and group can use, and which a killed server leaves behind", async () => {
    const folder = mkdtempSync(join(tmpdir(), "unix-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const path = join(folder, "dispatcher.sock");
    const { dispatcher } = await startServer({ listen: [`unix:${path}`] });
    const client = createClient({ address: `unix:${path}` });
    onTestFinished(() => client.close());

    expect(dispatcher.addresses).toEqual([`unix:${path}`]);
    expect(statSync(path).mode & 0o777).toBe(0o660);
    expect(await ask(client)).toBe(0);
    const second = createDispatcher({ listen: [`unix:${path}`] });
    await expect(second.start()).rejects.toThrow(/cannot listen on unix:.*EADDRINUSE/);
    await second.drain();
    await dispatcher.drain();
  });

  it("that a killed server left behind is used again, and another file is not", async () => {
    const folder = mkdtempSync(join(tmpdir(), "unix-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const [path, file] = [join(folder, "left.sock"), join(folder, "file")];
    await leaveSocket(path);
    writeFileSync(file, "");

    await startServer({ listen: [`unix:${path}`] });
    const wrong = createDispatcher({ listen: [`unix:${file}`] });
    await expect(wrong.start()).rejects.toThrow(/EADDRINUSE/);
    await wrong.drain();
    expect(statSync(file).size).toBe(0);
  });
});

/** Leaves a socket as a killed process does: without removing it. */
async function leaveSocket(path: string): Promise<void> {
  const server = createServer();
  const other = `${path}.moved`;
  await new Promise<void>((resolve) => server.listen(other, resolve));
  const { renameSync } = await import("node:fs");
  renameSync(other, path);
  await new Promise((resolve) => server.close(resolve));
}
