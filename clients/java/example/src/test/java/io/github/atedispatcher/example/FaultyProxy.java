package io.github.atedispatcher.example;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** A TCP proxy between a peer and the dispatcher that can make its connections half-open. */
final class FaultyProxy implements AutoCloseable {
  private final ServerSocket listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
  private final List<Socket> sockets = new CopyOnWriteArrayList<>();
  private final int port;
  private volatile int generation;

  FaultyProxy(String target) throws IOException {
    port = Integer.parseInt(target.substring(target.lastIndexOf(':') + 1));
    background(this::accept);
  }

  /** The address of the proxy. */
  String address() {
    return "127.0.0.1:" + listener.getLocalPort();
  }

  /** Makes the existing connections half-open: they stay open and lose all data. New connections work. */
  void freeze() {
    generation++;
  }

  /** Closes the existing connections. New connections work. */
  void cut() throws IOException {
    for (Socket socket : sockets) socket.close();
    sockets.clear();
  }

  @Override
  public void close() throws IOException {
    listener.close();
    for (Socket socket : sockets) socket.close();
  }

  private void accept() throws IOException {
    while (true) {
      Socket near = listener.accept();
      Socket far = new Socket(InetAddress.getLoopbackAddress(), port);
      sockets.addAll(List.of(near, far));
      int openedIn = generation;
      background(() -> forward(near, far, openedIn));
      background(() -> forward(far, near, openedIn));
    }
  }

  private void forward(Socket from, Socket to, int openedIn) throws IOException {
    byte[] buffer = new byte[65_536];
    for (int count; (count = from.getInputStream().read(buffer)) >= 0; ) {
      if (openedIn == generation) to.getOutputStream().write(buffer, 0, count);
    }
    if (openedIn == generation) to.close();
  }

  private static void background(IoAction action) {
    Thread thread =
        new Thread(
            () -> {
              try {
                action.run();
              } catch (IOException e) {
                // One end has closed its socket, which ends the connection.
              }
            });
    thread.setDaemon(true);
    thread.start();
  }

  @FunctionalInterface
  private interface IoAction {
    void run() throws IOException;
  }
}
