import { readFileSync } from "node:fs";
import type { ServerHttp2Session } from "node:http2";
import { Server, ServerCredentials, type ServerInterceptingCallInterface } from "@grpc/grpc-js";
import { describe, expect, it, onTestFinished } from "vitest";
import { createGrpcJsInternals, GRPC_JS_INTERNALS } from "../../src/grpc/transport/grpc-js-internals.js";
import type { Logger } from "../../src/ports/logger.js";

const LIMITS = { streamResetBurst: 1, streamResetRate: 2, maxSessionRejectedStreams: 3 };

/** Records warnings: the missing internal, the version that has it, and the text. */
function recordWarnings() {
  const warnings: { readonly internal: unknown; readonly text: string }[] = [];
  const ignore = (): void => undefined;
  const versions: unknown[] = [];
  const warn: Logger["warn"] = ({ internal, seenIn }, text) => {
    warnings.push({ internal, text });
    versions.push(seenIn);
  };
  return {
    warnings,
    versions,
    logger: { debug: ignore, info: ignore, warn, error: ignore } satisfies Logger,
  };
}

/** A server without some of its private fields. */
function serverWithout(...fields: readonly string[]): Server {
  const server = new Server();
  for (const field of fields) Reflect.deleteProperty(server, field);
  return server;
}

describe("the internals of grpc-js", () => {
  it("exist in the pinned version, before and after a bind", async () => {
    const { logger, warnings } = recordWarnings();
    const server = new Server();
    onTestFinished(() => server.forceShutdown());
    const internals = createGrpcJsInternals(server, logger);
    internals.setHttp2Limits(LIMITS);
    await new Promise<void>((resolve, reject) => {
      const bound = (error: Error | null) => (error ? reject(error) : resolve());
      server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), bound);
    });

    expect(internals.boundServers().map(({ listening }) => listening)).toEqual([true]);
    expect(warnings).toEqual([]);
  });

  it.each([
    ["commonServerOptions", "Server.commonServerOptions"],
    ["http2Servers", "Server.http2Servers"],
  ])("are logged at startup if a server has no %s, and the server continues", (field, internal) => {
    const { logger, warnings } = recordWarnings();
    const internals = createGrpcJsInternals(serverWithout(field), logger);

    expect(warnings).toEqual([{ internal, text: expect.stringContaining(`${internal} is missing; `) }]);
    internals.setHttp2Limits(LIMITS);
    expect(internals.boundServers()).toEqual([]);
  });

  it("are logged once for any number of calls without a stream", () => {
    const { logger, warnings } = recordWarnings();
    const internals = createGrpcJsInternals(new Server(), logger);

    expect(internals.http2StreamOf({})).toBeUndefined();
    expect(internals.http2StreamOf({ call: { nextCall: {} } })).toBeUndefined();
    expect(warnings.map(({ internal }) => internal)).toEqual(["call.nextCall.stream"]);
  });

  it("are logged once for any number of failed reads of the bound addresses", () => {
    const { logger, warnings } = recordWarnings();
    const internals = createGrpcJsInternals(new Server(), logger);

    expect([internals.boundServers(), internals.boundServers()]).toEqual([[], []]);
    expect(warnings.map(({ internal }) => internal)).toEqual(["Server.http2Servers"]);
  });

  it("are logged with the pinned version, which has them", () => {
    const { logger, versions } = recordWarnings();
    createGrpcJsInternals(new Server(), logger, { areMissing: true });
    const { dependencies } = JSON.parse(readFileSync("package.json", "utf8"));

    expect(new Set(versions)).toEqual(new Set([dependencies["@grpc/grpc-js"]]));
  });

  it("are all logged and none is used if they are treated as missing", () => {
    const { logger, warnings } = recordWarnings();
    const server = new Server();
    const internals = createGrpcJsInternals(server, logger, { areMissing: true });
    const sendStatus = (): void => undefined;
    const call: Pick<ServerInterceptingCallInterface, "sendStatus"> = { sendStatus };
    internals.replaceStatus(call as ServerInterceptingCallInterface, (status) => status);

    expect(warnings.map(({ internal }) => internal)).toEqual(GRPC_JS_INTERNALS);
    expect(call.sendStatus).toBe(sendStatus);
    expect(internals.http2StreamOf({ call: { stream: {} } })).toBeUndefined();
    const [goaway, ping] = [() => undefined, () => true];
    const connection = { goaway, ping } as unknown as ServerHttp2Session;
    internals.onMaxAge(connection, () => undefined);
    internals.pingWhileClosing(connection);
    expect(connection).toEqual({ goaway, ping });
  });
});
