/** Participants of a NATS server, each on its own TCP connection. */
import { connect, type NatsConnection } from "@nats-io/transport-node";
import type { Load } from "../peer.js";

/** Connects one participant. An error that the server reports fails the sample. */
export async function connectNats(address: string, load: Load): Promise<NatsConnection> {
  const connection = await connect({ servers: address, reconnect: false });
  void watch(connection, load);
  return connection;
}

/** Subscribes to subjects. Resolves when the server has registered them. */
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
      load.failed(new Error(`NATS reports ${status.type}`));
    }
  }
}
