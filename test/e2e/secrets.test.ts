/** Plants secrets wherever one may come in, and looks for them in everything that a server and the commands print. */
import { afterEach, expect, it } from "vitest";
import { createProcesses } from "../support/processes.js";
import { callRaw, connectRaw, framed } from "../support/raw-call.js";
import { bytesField } from "../support/wire-bytes.js";
import { connect } from "../support/wire-client.js";

const processes = createProcesses();
afterEach(() => processes.stopAll());

const SECRET = "planted-0f8fad5b";
const REQUEST = bytesField(1, bytesField(1, "t"));
/** Metadata that may hold a secret. gRPC does not allow the odd bytes, so such an entry is logged. */
const METADATA: Readonly<Record<string, string>> = {
  authorization: `Bearer ${SECRET}`,
  "proxy-authorization": `Basic ${SECRET}\u00e4`,
  cookie: `id=${SECRET}`,
  "x-api-key": `\u0009${SECRET}\u00ff`,
  "x-token-bin": Buffer.from(SECRET).toString("base64"),
  baggage: `token=${SECRET}`,
};
/** As METADATA, with an odd byte in each value. */
const ODD = Object.fromEntries(Object.entries(METADATA).map(([key, value]) => [key, `${value}\u0080`]));
/** Throws an error on SIGUSR2, as a bug would. */
const CRASH = `process.once("SIGUSR2", () => { throw new TypeError("oops"); })`;

it("a secret in metadata or in the environment is in no log, error, view or crash report", async () => {
  const env = {
    NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(CRASH)}`,
    MY_TOKEN: SECRET,
  };
  const server = await processes.serve(["--log-level", "trace"], { env });
  const session = connectRaw(server.address);
  const told: unknown[] = [];
  for (const metadata of [METADATA, ODD]) {
    for (const [path, body] of [
      ["Dispatch", framed(REQUEST)],
      ["Gather", framed(REQUEST)],
      ["Dispatch", framed(Buffer.from([0xff]))],
      ["Listen", framed(bytesField(2, "wrong..topic"))],
      ["/ate.dispatcher.v1.DispatcherService/Unknown", framed(REQUEST)],
      ["/no.such.Service/Method", framed(REQUEST)],
    ] as const) {
      told.push(await callRaw(session, path, body, metadata));
    }
  }
  const producer = await connect(server.address).producer("p", ["t"]);
  const listener = connect(server.address).listen({ topics: ["t"] });
  const printed: string[] = [];
  for (const command of ["topics", "producers", "listeners", "requests", "top"]) {
    const { stdout, stderr } = await processes.run([command, "--json", "--address", server.address]);
    printed.push(stdout, stderr);
  }
  producer.cancel();
  listener.cancel();
  server.kill("SIGUSR2");
  expect(await server.exit()).toEqual({ code: 1, signal: null });

  const log = server.stderr.all.join("\n");
  expect(log).toContain('"configured"');
  expect(log).toContain("metadata that gRPC does not allow is ignored: authorization");
  expect(log).toContain("bug in ate-dispatcher: TypeError: oops");
  const everything = [log, ...server.stdout.all, ...printed, JSON.stringify(told)].join("\n");
  expect(everything).not.toContain(SECRET);
  expect(everything).not.toContain(Buffer.from(SECRET).toString("base64").slice(0, 12));
});

it("a variable that is no setting is named without its value", async () => {
  const { code, stderr } = await processes.run(["serve"], { env: { ATE_DISPATCHER_AUTH_SECRET: SECRET } });

  expect(code).toBe(2);
  expect(stderr).toContain("ATE_DISPATCHER_AUTH_SECRET");
  expect(stderr).not.toContain(SECRET);
});
