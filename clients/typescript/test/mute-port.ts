import { createServer, type Socket } from "node:net";
import { onTestFinished } from "vitest";

/** Starts a server that accepts connections and never answers. @returns its address. */
export async function mutePort(): Promise<string> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on("error", () => {});
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server does not listen");
  return `127.0.0.1:${address.port}`;
}
