package io.github.atedispatcher.example;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** Lies between a peer and the dispatcher, and fails as a network does. */
final class Link implements AutoCloseable {
  private final ServerSocket listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
  private final List<Socket> sockets = new CopyOnWriteArrayList<>();
  private final int port;
  private volatile int generation;

  Link(String target) throws IOException {
    port = Integer.parseInt(target.substring(target.lastIndexOf(':') + 1));
    background(this::accept);
  }

  /** Where it is reached. */
  String address() {
    return "127.0.0.1:" + listener.getLocalPort();
  }

  /** Loses every byte of the connections there are and says nothing about it; new ones are sound. */
  void freeze() {
    generation++;
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
      int born = generation;
      background(() -> pump(near, far, born));
      background(() -> pump(far, near, born));
    }
  }

  private void pump(Socket from, Socket to, int born) throws IOException {
    byte[] buffer = new byte[65_536];
    for (int count; (count = from.getInputStream().read(buffer)) >= 0; ) {
      if (born == generation) to.getOutputStream().write(buffer, 0, count);
    }
    if (born == generation) to.close();
  }

  private static void background(Job job) {
    Thread thread =
        new Thread(
            () -> {
              try {
                job.run();
              } catch (IOException e) {
                // The other end has gone, which is what this is for.
              }
            });
    thread.setDaemon(true);
    thread.start();
  }

  @FunctionalInterface
  private interface Job {
    void run() throws IOException;
  }
}
