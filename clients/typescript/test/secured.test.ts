/** TLS and tokens against a stock server of grpc-js. */
import { Server, ServerCredentials, status } from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { CertificateAuthority } from "../../../test/support/certificates.js";
import {
  GetServerInfoResponse,
  IntrospectionServiceService,
} from "../src/gen/ate/dispatcher/v1/introspection_service.js";
import { type ConnectionOptions, createClient } from "../src/index.js";

const authority = new CertificateAuthority();
const own = authority.issue();
const named = authority.issue({ san: "DNS:dispatcher.example" });
const stranger = new CertificateAuthority();

interface Started {
  readonly address: string;
  readonly seen: string[];
}

const servers: Server[] = [];
afterAll(() => {
  for (const server of servers) server.forceShutdown();
});

/** Starts a server that answers GetServerInfo, and notes the tokens that it sees. */
async function start(credentials: ServerCredentials): Promise<Started> {
  const server = new Server();
  servers.push(server);
  const started = { address: "", seen: [] as string[] };
  server.addService(
    { getServerInfo: IntrospectionServiceService.getServerInfo },
    {
      getServerInfo: (
        call: { metadata: { get(name: string): unknown[] } },
        answer: (error: object | null, response?: GetServerInfoResponse) => void,
      ) => {
        started.seen.push(...call.metadata.get("authorization").map(String));
        answer(null, GetServerInfoResponse.fromPartial({}));
      },
    },
  );
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync("127.0.0.1:0", credentials, (error, bound) => (error ? reject(error) : resolve(bound))),
  );
  started.address = `127.0.0.1:${port}`;
  return started;
}

const pair = ({ cert, key }: { cert: Buffer; key: Buffer }) => [{ cert_chain: cert, private_key: key }];

let plain: Started;
let secure: Started;
let mutual: Started;
let other: Started;
beforeAll(async () => {
  plain = await start(ServerCredentials.createInsecure());
  secure = await start(ServerCredentials.createSsl(null, pair(own)));
  mutual = await start(ServerCredentials.createSsl(authority.cert, pair(own), true));
  other = await start(ServerCredentials.createSsl(null, pair(named)));
});

function clientOf(options: ConnectionOptions) {
  const client = createClient(options);
  onTestFinished(() => client.close());
  return client;
}

const info = (options: ConnectionOptions) =>
  clientOf(options).introspect.serverInfo({ signal: AbortSignal.timeout(5_000) });

describe("a client with tls", () => {
  it("verifies the server, and shows its own certificate", async () => {
    const ca = authority.cert;
    await info({ address: secure.address, tls: { ca } });
    await info({ address: mutual.address, tls: { ca: String(ca), cert: own.cert, key: String(own.key) } });
    await info({ address: other.address, tls: { ca, serverName: "dispatcher.example" } });
  });

  it.each<[what: string, options: () => ConnectionOptions, why: RegExp]>([
    [
      "a server of another CA",
      () => ({ address: secure.address, tls: { ca: stranger.cert } }),
      /certificate/i,
    ],
    [
      "a server with another name",
      () => ({ address: other.address, tls: { ca: authority.cert } }),
      /altnames|IP/i,
    ],
    [
      "a server that needs a certificate",
      () => ({ address: mutual.address, tls: { ca: authority.cert } }),
      /certificate required|alert/i,
    ],
  ])("says why it does not connect to %s", async (_, options, why) => {
    await expect(clientOf(options()).waitForReady(1_000)).rejects.toMatchObject({
      details: expect.stringMatching(why),
    });
  });

  it.each<[what: string, options: object, text: string]>([
    ["a certificate without its key", { tls: { cert: own.cert } }, "tls has only one of cert and key"],
    [
      "no PEM",
      { tls: { ca: "planted-secret", cert: "planted-secret", key: "planted-secret" } },
      "tls cannot be used",
    ],
    ["a wrong type", { tls: { key: 7 } }, "tls.key is a value that is not shown"],
  ])("refuses %s", (_, options, text) => {
    const create = () => createClient(options);
    expect(create).toThrow(text);
    expect(create).not.toThrow("planted");
  });
});

describe("a client with a token", () => {
  it("sends a fixed one with each call", async () => {
    plain.seen.length = 0;
    const client = clientOf({ address: plain.address, token: "t1" });
    for (let i = 0; i < 2; i++) await client.introspect.serverInfo();

    expect(plain.seen).toEqual(["Bearer t1", "Bearer t1"]);
  });

  it("asks a function before each call, once at a time", async () => {
    plain.seen.length = 0;
    let asked = 0;
    const client = clientOf({ address: plain.address, token: async () => `t${++asked}` });
    await Promise.all([client.introspect.serverInfo(), client.introspect.serverInfo()]);
    await client.introspect.serverInfo();

    expect(plain.seen).toEqual(["Bearer t1", "Bearer t1", "Bearer t2"]);
  });

  it("does not ask a function that hangs again, and closes without waiting for it", async () => {
    let asked = 0;
    const client = createClient({
      address: plain.address,
      token: () => {
        asked++;
        return new Promise(() => undefined);
      },
    });
    const calls = [1, 2, 3].map(() => client.introspect.serverInfo());
    const outcomes = Promise.allSettled(calls);
    await new Promise(setImmediate);
    await client.close({ graceMs: 0 });

    expect((await outcomes).map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected"]);
    expect(asked).toBe(1);
  });

  it.each<[what: string, token: () => unknown, details: string]>([
    [
      "fails",
      () => {
        throw new Error("no network");
      },
      "the token function failed: no network",
    ],
    ["rejects", () => Promise.reject(new Error("no network")), "the token function failed: no network"],
    ["gives no text", () => 7, "the token function gave no text that a header can hold"],
    ["gives an odd text", () => "planted\nsecret", "the token function gave no text that a header can hold"],
  ])("fails a call whose function %s", async (_, token, details) => {
    await expect(info({ address: plain.address, token: token as () => string })).rejects.toMatchObject({
      code: status.UNAUTHENTICATED,
      reason: "NO_TOKEN",
      details,
    });
  });

  it("is not sent in clear to another machine, unless that is allowed", () => {
    for (const address of ["10.0.0.1:1", "dispatcher:1", "dns:///dispatcher:1", "127.0.0.1.example:1"]) {
      expect(() => createClient({ address, token: "planted" })).toThrow(/^.*token would be sent in clear to/);
      clientOf({ address, token: "planted", allowInsecureToken: true });
      clientOf({ address, token: "planted", tls: {} });
    }
    for (const address of ["127.0.0.1:1", "localhost:1", "[::1]:1", "unix:/tmp/x", "dns:///localhost:1"])
      clientOf({ address, token: "planted" });
  });

  it.each<[what: string, options: object]>([
    ["an odd character", { token: "planted\n" }],
    ["no text", { token: { planted: 1 } }],
    ["a misspelled name", { tokn: "planted" }],
  ])("with %s is refused, and not shown", (_, options) => {
    expect(() => createClient(options)).toThrow(/token|tokn/);
    expect(() => createClient(options)).not.toThrow("planted");
  });
});
