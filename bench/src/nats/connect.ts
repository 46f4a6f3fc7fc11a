/** Participants of a NATS server, each one on a TCP connection of its own. */
import { connect, type NatsConnection } from "@nats-io/transport-node";
import type { Load } from "../peer.js";

/** Connects one participant; what the server complains of makes the sample fail. */
export async function connectNats(address: string, load: Load): Promise<NatsConnection> {
  const connection = await connect({ servers: address, reconnect: false });
  void watch(connection, load);
  return connection;
}

/** Subscribes to subjects, and resolves when the server has taken them. */
export async function subscribe(
  connection: NatsConnection,
  subjects: readonly string[],
  load: Load,
  take: (subject: string, data: Uint8Array, respond: (data: Uint8Array) => boolean) => void,
): Promise<void> {
  for (const subject of subjects) {
    connection.subscribe(subject, {
      callback: (error, message) => {
        if (error !== null) load.failed(error);
        else take(message.subject, message.data, (data) => message.respond(data));
      },
    });
  }
  await connection.flush();
}

async function watch(connection: NatsConnection, load: Load): Promise<void> {
  for await (const status of connection.status()) {
    if (status.type === "error" || status.type === "slowConsumer" || status.type === "disconnect") {
      load.failed(new Error(`NATS says ${status.type}`));
    }
  }
}
