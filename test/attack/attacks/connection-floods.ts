/** Connections that are opened and not used. Each is a socket, a session of HTTP/2 and timers. */
import type { Attack } from "../attack.js";
import { PREFACE, type RawConnection } from "../attacker/raw-connection.js";

const CONNECTIONS = 8_000;
const OPEN_AT_ONCE = 16;

function connections(name: string, what: string, then: (connection: RawConnection) => void): Attack {
  return {
    name,
    sends: `${CONNECTIONS} connections ${what}`,
    run: (attacker) =>
      attacker.repeat(CONNECTIONS, OPEN_AT_ONCE, async () => {
        const connection = attacker.connectRaw();
        await connection.connected();
        if (connection.isOpen) then(connection);
        else await attacker.wait(5);
      }),
  };
}

export const silentConnections: Attack = connections(
  "silent-connections",
  "that send their preface and nothing more",
  (connection) => connection.send(PREFACE),
);

export const idleConnections: Attack = connections("idle-connections", "without a call", (connection) =>
  connection.begin(),
);

export const connectionChurn: Attack = connections(
  "connection-churn",
  "that are closed at once",
  (connection) => {
    connection.begin();
    connection.socket.end();
  },
);
